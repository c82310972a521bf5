"""The document of a job: what each share has to do, and where its files are."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List

import pytest

from pjm.job.assignment import Assignment, events_file, read_assignment, read_document, write_document

DOCUMENT: Dict[str, Any] = {
    "shares": [
        {"tests": ["a.py::a"], "files": ["/a.py"], "resources": {"env": [], "nodes": 1, "ranks": None}},
        {
            "tests": ["b.py::[富岳]"],
            "files": ["/b.py"],
            "resources": {"env": [["CI", ""], ["OMP_NUM_THREADS", "4"]], "nodes": 2, "ranks": 5},
        },
    ],
    "worker": {
        "arguments": ["-v", "caf\udce9"],
        "places": ["tests"],
        "artifacts": "/artifacts",
        "environment": {"CI": "1", "PYTEST_ADDOPTS": "-x"},
        "path": False,
        "junit": "xunit2",
        "grace": 120.0,
        "mpiexec": ["mpiexec", "-n", "{ranks}"],
        "gate": "mpi4py",
    },
}


def test_a_share_has_what_all_have_in_common_and_the_variables_of_its_mark_for_pytest(tmp_path: Path) -> None:
    write_document(tmp_path, DOCUMENT)

    assert DOCUMENT == read_document(tmp_path)
    assert Assignment(
        tests=("b.py::[富岳]",),
        files=("/b.py",),
        places=("tests",),
        arguments=("-v", "caf\udce9"),
        artifacts=Path("/artifacts"),
        events=events_file(tmp_path, 1),
        environment={"CI": "", "PYTEST_ADDOPTS": "-x"},
        path=False,
        junit="xunit2",
        grace=120.0,
        ranks=5,
        ranks_per_node=3,
        mpiexec=("mpiexec", "-n", "{ranks}"),
        gate="mpi4py",
    ) == read_assignment(tmp_path, 1)


def test_each_share_has_a_folder_of_its_own(tmp_path: Path) -> None:
    files: List[Path] = [events_file(tmp_path, number) for number in (0, 11)]

    assert ["share-0/events.jsonl", "share-11/events.jsonl"] == [str(file.relative_to(tmp_path)) for file in files]


@pytest.mark.parametrize(("content", "error"), [(None, OSError), ("{", ValueError), ("\u00e9", ValueError)], ids=str)
def test_a_document_that_cannot_be_read_is_an_error(tmp_path: Path, content: Any, error: type) -> None:
    if content is not None:
        (tmp_path / "job.json").write_text(content, encoding="utf-8")

    with pytest.raises(error):
        read_document(tmp_path)
