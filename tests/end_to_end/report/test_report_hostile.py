from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.builders import command_line, report_scene
from tests.builders.page_reader import Page
from tests.builders.report_scene import HOSTILE


def test_hostile_text_is_shown_and_never_interpreted(tmp_path: Path) -> None:
    scene = report_scene.wheel(tmp_path)
    report_scene.add_history(scene, f"reason {HOSTILE}")
    report_scene.add_gate(scene, test=f"test_it.py::test[{HOSTILE}]", failures=[f"other {HOSTILE}"])
    jobs = (
        report_scene.job("pytest-0", outcome=f"outcome {HOSTILE}", state=f"state {HOSTILE}"),
        report_scene.job(f"name {HOSTILE}"),
    )
    report_scene.add_jobs(scene, *jobs)
    made = report_scene.run(0)
    told = {**made.provenance, "cpu": f"cpu {HOSTILE}", "commit": HOSTILE, "machine": f"machine {HOSTILE}"}
    scene.add(
        replace(made, provenance=told, dataset={"name": HOSTILE, "sha256": HOSTILE, "source": HOSTILE}), "hostile"
    )
    clean = Page(_page(report_scene.whole(tmp_path / "clean")))

    page = Page(_page(scene))

    whole = ("reason", "other", "outcome", "state", "name", "cpu", "machine")
    assert [] == [where for where in whole if f"{where} {HOSTILE}" not in page.text]
    assert f"test_it.py::test[{HOSTILE}]" in page.text
    assert page.scripts == clean.scripts
    assert page.attributes() == clean.attributes()
    assert {tag for tag, _ in page.elements} == {tag for tag, _ in clean.elements}
    # Jinja2's own braces are text too.
    assert "{{7*7}}" in page.text


def test_hostile_text_does_not_change_what_the_policy_allows(tmp_path: Path) -> None:
    scene = report_scene.wheel(tmp_path)
    report_scene.add_jobs(scene, report_scene.job(HOSTILE))
    report_scene.add_gate(scene, test=HOSTILE)

    policies = [_policy(_page(each)) for each in (scene, report_scene.whole(tmp_path / "clean"))]

    assert policies[0] == policies[1]


def test_letters_that_no_encoding_has_are_shown_as_what_they_are(tmp_path: Path) -> None:
    scene = report_scene.wheel(tmp_path)
    made = report_scene.run(0)
    scene.add(replace(made, provenance={**made.provenance, "cpu": "half a \ud83d letter"}))

    assert r"half a \ud83d letter" in _page(scene)


def _page(scene: report_scene.Scene) -> str:
    command_line.run(*scene.arguments())
    return (scene.root / "page" / "index.html").read_text(encoding="utf-8")


def _policy(html: str) -> str:
    return next(each["content"] for each in Page(html).named("meta") if "http-equiv" in each)
