"""What folders of this machine are called on the machine of the jobs."""

from __future__ import annotations

from pathlib import Path

import pytest

from pjm.batch.roots import SAME, Roots
from pjm.errors import BadInput

HERE = Path("/home/me/project")
ROOTS = Roots(((HERE / ".pjm", "/data/project/.pjm"), (HERE, "/data/project")))


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("/home/me/project", "/data/project"),
        ("/home/me/project/tests/test_it.py", "/data/project/tests/test_it.py"),
        ("/home/me/project/.pjm/session/jobs", "/data/project/.pjm/session/jobs"),
        ("/home/me/project/tests/../data", "/data/project/data"),
        ("/home/me/project/.pjm2/x", "/data/project/.pjm2/x"),
        ("/home/me/project/it's here/a b", "/data/project/it's here/a b"),
    ],
)
def test_a_path_is_moved_as_a_whole(here: str, there: str) -> None:
    assert there == ROOTS.there(Path(here))


@pytest.mark.parametrize("path", ["/home/me/project2/x", "/home/me", "/", "/home/me/project/../other"])
def test_a_path_outside_is_refused(path: str) -> None:
    with pytest.raises(BadInput) as caught:
        ROOTS.there(Path(path))

    assert f"{path} is not on the machine of the jobs" == caught.value.what


def test_one_path_there_may_be_part_of_another() -> None:
    roots = Roots(((HERE, "/data/p"), (Path("/home/me/p"), "/data/p/p")))

    assert ["/data/p/p/p", "/data/p/x"] == [roots.there(Path("/home/me/p/p")), roots.there(HERE / "x")]


def test_the_deepest_folder_counts_in_whatever_order() -> None:
    roots = Roots(((Path("/home/me"), "/data/sessions"), (HERE, "/data/project")))

    assert "/data/project/test_it.py" == roots.there(HERE / "test_it.py")


def test_a_path_through_a_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "link").symlink_to("project")

    assert "/data/x" == Roots(((tmp_path.resolve() / "project", "/data"),)).there(tmp_path / "link" / "x")


def test_a_link_in_the_project_is_called_by_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to("/usr")

    assert "/there/data" == Roots(((tmp_path, "/there"),)).there(tmp_path / "data")


def test_without_copies_a_path_is_the_same() -> None:
    assert "/home/me/../x" == SAME.there(Path("/home/me/../x"))


@pytest.mark.parametrize(
    ("word", "there"),
    [
        ("/home/me/project/tests/test_it.py::test_a[x/y]", "tests/test_it.py::test_a[x/y]"),
        ("/home/me/project/tests", "tests"),
        ("--confcutdir=/home/me/project/tests", "--confcutdir=tests"),
        ("/home/me/project2/tests", "/home/me/project2/tests"),
        ("--ignore=/home/me/project2", "--ignore=/home/me/project2"),
        ("name=/home/me/project", "name=/home/me/project"),
        ("tests/test_it.py", "tests/test_it.py"),
        ("-k", "-k"),
        ("/home/me/project", "."),
    ],
)
def test_absolute_words_of_the_command_line_become_relative(word: str, there: str) -> None:
    assert there == ROOTS.word(word, HERE)


def test_words_are_relative_to_where_the_job_starts() -> None:
    assert "../tests/test_it.py::test" == ROOTS.word("/home/me/project/tests/test_it.py::test", HERE / "src")


def test_without_copies_a_word_is_the_same() -> None:
    assert "/home/me/x" == SAME.word("/home/me/x", Path("/home/me"))
