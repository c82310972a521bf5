"use strict";
// Language and colours: chosen on the page, remembered where the browser allows it, else as the system has them.
(function () {
  var root = document.documentElement;
  var memory = {
    get: function (name) { try { return window.localStorage.getItem("mnist-repro-" + name); } catch (refused) { return null; } },
    set: function (name, value) { try { window.localStorage.setItem("mnist-repro-" + name, value); } catch (refused) { /* not remembered */ } }
  };
  var titles = { en: root.getAttribute("data-title-en"), ja: root.getAttribute("data-title-ja") };
  function language(value) {
    root.setAttribute("data-language", value);
    root.setAttribute("lang", value);
    document.title = titles[value];
    document.querySelectorAll("[data-alt-" + value + "]").forEach(function (image) {
      image.alt = image.getAttribute("data-alt-" + value);
    });
    document.querySelectorAll("[data-label-" + value + "]").forEach(function (region) {
      region.setAttribute("aria-label", region.getAttribute("data-label-" + value));
    });
  }
  function theme(value) {
    if (value === "light" || value === "dark") { root.setAttribute("data-theme", value); } else { root.removeAttribute("data-theme"); }
  }
  var chosen = memory.get("language");
  if (chosen !== "en" && chosen !== "ja") { chosen = /^ja\b/.test(window.navigator.language || "") ? "ja" : "en"; }
  var colours = memory.get("theme");
  if (colours !== "light" && colours !== "dark") { colours = "automatic"; }
  root.setAttribute("data-language", chosen);
  theme(colours);
  document.addEventListener("DOMContentLoaded", function () {
    language(chosen);
    document.getElementById("switches").hidden = false;
    document.querySelectorAll("#switches input").forEach(function (input) {
      input.checked = input.value === (input.name === "language" ? chosen : colours);
      input.addEventListener("change", function () {
        (input.name === "language" ? language : theme)(input.value);
        memory.set(input.name, input.value);
      });
    });
    // A link into something folded unfolds it.
    function unfold() {
      var target = window.location.hash && document.getElementById(window.location.hash.slice(1));
      for (var each = target; each; each = each.parentElement) { if (each.tagName === "DETAILS") { each.open = true; } }
      if (target) { target.scrollIntoView(); }
    }
    window.addEventListener("hashchange", unfold);
    unfold();
  });
  // On paper nothing can be unfolded.
  var folded = [];
  window.addEventListener("beforeprint", function () {
    folded = Array.prototype.slice.call(document.querySelectorAll("details:not([open])"));
    folded.forEach(function (each) { each.open = true; });
  });
  window.addEventListener("afterprint", function () { folded.forEach(function (each) { each.open = false; }); });
}());
