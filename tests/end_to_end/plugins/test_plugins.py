"""Each plugin as in plain pytest, or refused with the reason. Run by `tox run -e plugins`, which installs them."""

from __future__ import annotations

import json
import os
import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Iterator, List

import pytest

from tests.builders.fugaku_project import ROOT, FugakuProject, Ran
from tests.end_to_end.plugins.cases import AS_PLAIN, CASES, REFUSED, Case, table

HEAD = "import os\nimport pytest\nAGAIN = os.path.exists(os.path.join(os.path.dirname(__file__), 'again'))\n"
NUMBER = r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32,40}|\d+(:\d\d)+(\.\d+)?|\d+(\.\d+)?(e-?\d+)?"


class Project(FugakuProject):
    """A project with a case's tests."""

    def __init__(self, case: Case, path: Path) -> None:
        super().__init__(path)
        marked = re.sub(r"(?m)^((?:@.*\n)*)((?:async )?def test_)", r"@pytest.mark.fugaku\n\1\2", case.test)
        (path / "test_it.py").write_text(HEAD + marked, encoding="utf-8")
        (path / "pytest.ini").write_text(
            f"[pytest]\nfugaku_tests_per_job = {case.per_job}\n{case.ini}", encoding="utf-8"
        )
        for name, text in case.others.items():
            (path / name).parent.mkdir(exist_ok=True)
            (path / name).write_text(text, encoding="utf-8")
        self._case = case
        names = [entry.name for each in (case.package, *case.beside) for entry in plugins(each)]
        self._loaded = [word for name in names for word in ("-p", name)]

    def run_case(self, *ours: str) -> Ran:
        """The run before, if there is one, and the run that is compared."""
        if self._case.before:
            self.run("-o", "cache_dir=before", *self._loaded, *self._case.before)  # so that no test is timed
        (self.path / "again").touch()
        # Some plugins look for other plugins in the environment of the process.
        return self.run(*self._loaded, *self._case.arguments, *ours, COLUMNS="100")

    def content(self) -> List[object]:
        return [normal(self.path / name) for name in self._case.files]


def plugins(package: str) -> List[Any]:
    return [entry for entry in distribution(package).entry_points if entry.group == "pytest11"]


def normal(path: Path) -> object:
    """What is in a file or folder, without numbers and without order: results come in the order of jobs."""
    if path.is_dir():
        names = [str(file.relative_to(path)) for file in path.rglob("*") if file.is_file()]
        texts = [normal(file) for file in path.rglob("*.ambr")]
        return sorted(re.sub(NUMBER, "0", name) for name in names), texts
    data = path.read_bytes()
    if b"\0" in data:
        return len(data) // 1000
    text = re.sub(NUMBER, "0", data.decode("utf-8").replace("/jobs", "/plain").replace('"jobs"', '"plain"'))
    if path.suffix == ".html":  # one long line
        return sorted(re.findall(r"\w+", re.sub("took .*?<", "", text)))
    if path.suffix == ".json":
        return ordered(json.loads(text))
    lines = text.splitlines()
    return sorted(json.dumps(json.loads(line), sort_keys=True) if line.startswith("{") else line for line in lines)


def ordered(value: object) -> object:
    if isinstance(value, dict):
        return {name: ordered(each) for name, each in sorted(value.items())}
    if isinstance(value, list):
        return sorted((ordered(each) for each in value), key=repr)
    return value


@pytest.fixture
def jobs(case: Case, tmp_path: Path) -> Iterator[Project]:
    made = Project(case, tmp_path / "jobs")
    yield made
    made.stop()


def installed(case: Case) -> bool:
    try:
        return all(map(distribution, (case.package, *case.beside)))
    except PackageNotFoundError:
        return False


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_plugin_works_as_in_plain_pytest_or_is_refused(case: Case, tmp_path: Path, jobs: Project) -> None:
    if "TOX_ENV_NAME" not in os.environ and not installed(case):
        pytest.skip(f"{case.package} is not installed: tox run -e plugins")
    plain = Project(case, tmp_path / "plain")

    here, there = plain.run_case(), jobs.run_case("--fugaku-emulate")

    assert here.code in (0, 1), here.out
    assert "INTERNALERROR" not in here.out, here.out
    assert case.shown in " ".join(here.out.split()), here.out
    if case.outcome == REFUSED:
        assert (4, []) == (there.code, jobs.submissions()), there.out
        assert case.note in there.out
        return
    assert (here.code, counts(here)) == (there.code, counts(there)), here.out + there.out
    assert case.shown in " ".join(there.out.split()), there.out
    if case.outcome == AS_PLAIN:
        assert plain.content() == jobs.content(), here.out + there.out


def counts(ran: Ran) -> object:
    """The last line's; none where an exception ends the session before it."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", ran.out)
    return Ran(ran.code, plain).counts() if re.search(r"\d (passed|failed|error|skipped)", plain) else {}


def test_the_page_has_the_table() -> None:
    assert table() in (ROOT / "docs" / "reference" / "plugins.md").read_text(encoding="utf-8")
