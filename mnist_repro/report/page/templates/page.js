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
    document.querySelectorAll("#switches input[name=language]").forEach(function (each) { each.checked = each.value === value; });
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
  function details(value) {
    document.querySelectorAll("details").forEach(function (each) { each.open = value === "unfolded"; });
  }
  var chooses = { language: language, theme: theme, details: details };
  var chosen = memory.get("language");
  if (chosen !== "en" && chosen !== "ja") { chosen = /^ja\b/.test(window.navigator.language || "") ? "ja" : "en"; }
  var colours = memory.get("theme");
  if (colours !== "light" && colours !== "dark") { colours = "automatic"; }
  root.setAttribute("data-language", chosen);
  theme(colours);
  document.addEventListener("DOMContentLoaded", function () {
    document.getElementById("switches").hidden = false;
    document.querySelectorAll("#switches input").forEach(function (input) {
      input.checked = input.value === { language: chosen, theme: colours, details: "folded" }[input.name];
      input.addEventListener("change", function () {
        chooses[input.name](input.value);
        memory.set(input.name, input.value);
      });
    });
    language(chosen);
    // The address may name a language and a section: #ja, #drift, #ja/drift. A link into something folded unfolds it.
    function follow() {
      var parts = /^#(?:(en|ja)(?:\/|$))?(.*)$/.exec(window.location.hash) || [];
      if (parts[1]) { language(parts[1]); }
      var target = parts[2] && document.getElementById(parts[2]);
      for (var each = target; each; each = each.parentElement) { if (each.tagName === "DETAILS") { each.open = true; } }
      if (target) { target.scrollIntoView(); }
    }
    window.addEventListener("hashchange", follow);
    follow();
  });
  // On paper the mistakes of each recipe are open; of the rest, what the reader has unfolded.
  var folded = [];
  window.addEventListener("beforeprint", function () {
    folded = Array.prototype.slice.call(document.querySelectorAll("details.paper:not([open])"));
    folded.forEach(function (each) { each.open = true; });
  });
  window.addEventListener("afterprint", function () { folded.forEach(function (each) { each.open = false; }); });
}());
