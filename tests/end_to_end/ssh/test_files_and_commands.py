"""What is pushed and fetched over ssh, and the commands of pjm."""

from __future__ import annotations

import os
import subprocess
from typing import Tuple

import pytest

from tests.builders.processes import until
from tests.builders.remote_project import RemoteProject
from tests.end_to_end.pjm.test_commands import ran

SLOW = """
@pytest.mark.fugaku
def test_passes():
    print("printed there")

@pytest.mark.fugaku(elapse="00:20:00")
def test_is_slow():
    print("has begun", flush=True)
    open("begun", "w").close()
    while not os.path.exists("go"):
        time.sleep(0.1)
"""


def git(project: RemoteProject, *words: str) -> None:
    user = ("-c", "user.name=me", "-c", "user.email=me@localhost")
    subprocess.run(["git", *user, "-C", str(project.path), *words], check=True)  # noqa: S607 - whatever git there is


def test_names_that_are_not_utf8_are_pushed(project: RemoteProject) -> None:
    name = os.fsdecode(b"na\xefve")
    (project.path / name).write_text("content")
    project.write(f"""
@pytest.mark.fugaku
def test_reads():
    assert "content" == open({name!r}).read()
    assert os.path.islink("link")
""")
    (project.path / "link").symlink_to("nowhere")

    first = project.send()
    (project.path / name).unlink()
    second = project.send()

    assert (0, 1) == (first.code, second.code), first.out + second.out
    assert not (project.there / name).exists()


def test_a_second_push_removes_files_and_makes_folders_of_them(project: RemoteProject) -> None:
    project.write("@pytest.mark.fugaku\ndef test_it():\n    pass\n")
    for name in ("gone", "thing"):
        (project.path / name).touch()
    project.send()
    (project.path / "gone").unlink()
    (project.path / "thing").unlink()
    (project.path / "thing").mkdir()
    (project.path / "thing" / "inner").touch()
    project.write("""
@pytest.mark.fugaku
def test_it():
    assert not os.path.exists("gone")
    assert os.path.exists("thing/inner")
""")

    ran = project.send("-p", "no:cacheprovider")

    assert 0 == ran.code, ran.out
    assert "2 files" in ran.out, ran.out


def test_what_git_ignores_is_not_pushed_and_named_if_a_job_misses_it(project: RemoteProject) -> None:
    git(project, "init", "-q")
    (project.path / ".gitignore").write_text("*.bin\n.pjm\n")
    (project.path / "data.bin").write_text("digits")
    project.write("@pytest.mark.fugaku\ndef test_it():\n    open('data.bin')\n")

    ran = project.send()

    assert 1 == ran.code, ran.out
    assert "data.bin" in ran.out
    assert "not pushed" in ran.out
    assert not (project.there / "data.bin").exists()


def test_artifacts_of_a_job_are_used_here(project: RemoteProject) -> None:
    project.write("""
@pytest.mark.fugaku
def test_train(artifacts):
    (artifacts.folder / "inner").mkdir()
    (artifacts.folder / "inner" / "weights").write_bytes(b"\\0trained")
    (artifacts.folder / "latest").symlink_to("inner/weights")

def test_here(artifacts):
    until = time.monotonic() + 100
    while True:
        try:
            weights = artifacts.of("test_train") / "inner" / "weights"
            if weights.exists():
                break
        except Exception:
            pass
        assert time.monotonic() < until
        time.sleep(1)
    assert b"\\0trained" == weights.read_bytes()
""")

    ran = project.send()

    assert {"passed": 2} == ran.counts(), ran.out


def test_a_session_is_left_and_taken_up_again(project: RemoteProject) -> None:
    project.write(SLOW)
    left = project.send("--fugaku-detach")
    until(lambda: (project.there / "begun").exists())
    project.node.cut()
    project.node.run(f"touch {project.there}/go")
    project.wait_for_end()

    ran = project.run("--fugaku-resume", "--fugaku-emulate")

    assert 0 == left.code, left.out
    assert {"passed": 2} == ran.counts(), ran.out
    assert 2 == len(project.submissions())


@pytest.fixture
def left(project: RemoteProject) -> RemoteProject:
    """A session with a test that has passed and one that runs, and no client."""
    project.write(SLOW)
    project.send("--fugaku-detach")
    until(lambda: (project.there / "begun").exists())
    return project


def well(answer: Tuple[int, str], *texts: str) -> None:
    code, out = answer
    assert 0 == code, out
    assert "Traceback" not in out
    for text in texts:
        assert text in out, out


def test_the_commands_of_pjm(left: RemoteProject) -> None:
    name = left.session().name
    client = left.start("--fugaku-resume", "--fugaku-emulate")
    until(lambda: "1 of 2 tests have results" in ran(left, "show")[1])
    client.kill()
    client.communicate()

    well(ran(left, "sessions"), name)
    well(ran(left, "show"), name)
    well(ran(left, "log", "test_passes"), "printed there")
    well(ran(left, "cancel"), f"session {name}: ", "cancelled: ")
    left.wait_for_end()
    well(ran(left, "show"), "cancelled")
    well(ran(left, "clean", name), f"removed {name}")

    assert not (left.there / ".pjm" / name).exists()


@pytest.mark.parametrize("command", ["cancel", "clean"])
def test_a_command_without_a_line_is_a_message(left: RemoteProject, command: str) -> None:
    name = left.session().name
    left.node.stop()
    try:
        code, out = ran(left, command, *([name, "--force"] if command == "clean" else []))
        shown = ran(left, "show") if command == "cancel" else (0, "")
    finally:
        left.node.start()
        left.node.run(f"touch {left.there}/go")

    assert "Traceback" not in out
    assert "login cannot be reached by ssh\n  why: " in out, out
    assert (2 if command == "cancel" else 0) == code, out
    assert 0 == shown[0], shown[1]


def test_a_session_is_not_resumed_without_its_host(left: RemoteProject) -> None:
    ran = left.run_without_plugin("-p", "pjm.plugin", "--fugaku-resume", "--fugaku-emulate", "--fugaku-host=")
    left.node.run(f"touch {left.there}/go")

    assert 4 == ran.code, ran.out
    assert "was begun with fugaku_host login" in ran.out
    assert 2 == len(left.submissions())
