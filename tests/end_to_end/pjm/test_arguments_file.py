"""`pytest @file`: our options in the file, and the file not needed again."""

from __future__ import annotations

from tests.builders.fugaku_project import FugakuProject

TWO = "@pytest.mark.fugaku\ndef test_one():\n    pass\n\n@pytest.mark.fugaku\ndef test_other():\n    pass\n"


def test_our_options_may_stand_in_a_file(project: FugakuProject) -> None:
    project.write(TWO)
    (project.path / "inner.txt").write_text("-k\ntest_one or nothing_else\n")
    (project.path / "args.txt").write_text(
        "\n".join(project.words("--fugaku-emulate", "@inner.txt", "--fugaku-detach"))
    )
    (project.path / "back.txt").write_text("--fugaku-resume\n")

    left = project.run("@args.txt")
    (project.path / "args.txt").write_text("--no-such-option\n")
    ran = project.run("@back.txt")

    assert (0, 0) == (left.code, ran.code), left.out + ran.out
    assert {"passed": 1, "deselected": 1} == ran.counts(), ran.out
    assert 1 == len(project.submissions())


def test_a_file_that_is_not_there_is_left_to_pytest(project: FugakuProject) -> None:
    project.write(TWO)

    ran = project.run("@missing.txt")

    assert 4 == ran.code
    assert "missing.txt" in ran.out
