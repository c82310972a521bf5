"""A file is the old one or the new one, never half of either, whatever goes wrong."""

from __future__ import annotations

import errno
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Callable, Dict

import pytest

from mnist_repro.errors import BadInput
from mnist_repro.files.atomic import (
    UNFINISHED,
    remove_unfinished,
    replacing,
    replacing_together,
    require_replaceable,
    require_writable,
    write_text,
)
from tests.builders.command_line import environment, listed
from tests.builders.processes import PATIENCE
from tests.builders.refused import refused

WHY = "the folder must be writable and its disk must have room; what was there before is untouched"
FIX = "free some space, or name another folder"


def contents(folder: Path) -> Dict[str, str]:
    """Every file below ``folder``, hidden ones too, with its text."""
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_text_is_written_with_the_folders_it_needs_and_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    for text in ("old", "ärger\n"):
        write_text(tmp_path / "new" / "deeper" / "a.txt", text)

    assert {"new/deeper/a.txt": "ärger\n"} == contents(tmp_path)


def test_the_umask_is_honoured_and_never_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = os.umask(0o027)
    try:
        # Other threads may be making files.
        with monkeypatch.context() as patched:
            patched.setattr(os, "umask", pytest.fail)
            write_text(tmp_path / "a.txt", "")
    finally:
        os.umask(before)

    assert 0o640 == stat.S_IMODE((tmp_path / "a.txt").stat().st_mode)


def break_off(path: Path, error: type[BaseException]) -> None:
    with replacing(path) as temporary:
        temporary.write_text("ne", encoding="utf-8")
        raise error


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_what_breaks_off_in_the_middle_leaves_the_old_file_and_nothing_else(
    error: type[BaseException], tmp_path: Path
) -> None:
    write_text(tmp_path / "a.txt", "old")
    with pytest.raises(error):
        break_off(tmp_path / "a.txt", error)

    assert {"a.txt": "old"} == contents(tmp_path)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device"), "No space left on device"),
        # As HDF5 says it.
        (OSError("Can't write data (file write failed: time = Sat\n, filename = 'x', errno = 27)"), "Can't write data"),
        (TimeoutError(), "TimeoutError"),
    ],
)
def test_a_disk_that_refuses_is_bad_input_with_its_reason(error: OSError, said: str, tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "old")
    with pytest.raises(BadInput) as caught, replacing(tmp_path / "a.txt"):
        raise error

    assert (f"cannot write {tmp_path / 'a.txt'}: {said}", WHY, FIX) == caught.value.args
    assert {"a.txt": "old"} == contents(tmp_path)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("folder", rf"folder: {os.strerror(errno.EISDIR)}"),
        ("file/b/c.txt", r"file/b/c\.txt: "),
        ("n" * 256, os.strerror(errno.ENAMETOOLONG)),
    ],
)
def test_where_no_file_can_be_nothing_is_written(name: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match=f"cannot write .*{said}"):
        write_text(tmp_path / name, "new")

    assert (["file", "folder"], {"file": ""}) == (listed(tmp_path), contents(tmp_path))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("n" * 255, id="as long as can be"),
        pytest.param("." + "n" * 254, id="hidden"),
        pytest.param("ü" * 127, id="two bytes a letter"),
        pytest.param(" a\nb\t.txt", id="white space"),
        pytest.param("-rf", id="like an option"),
        pytest.param(os.fsdecode(b"\xff\xfe.txt"), id="no text at all"),
    ],
)
def test_hostile_names(name: str, tmp_path: Path) -> None:
    write_text(tmp_path / name, "whole")

    assert {name: "whole"} == contents(tmp_path)


def test_keras_sees_the_suffix(tmp_path: Path) -> None:
    with replacing(tmp_path / "model.h5") as temporary:
        assert ".h5" == temporary.suffix


def test_files_that_belong_together_change_together(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "old")
    write_text(tmp_path / "stale", "old")
    write_text(tmp_path / "other", "old")
    with replacing_together(tmp_path, ("a", "b"), stale=("stale", "never was")) as temporary:
        write_text(temporary / "a", "new")
        write_text(temporary / "b", "new")
        assert {"a": "old", "stale": "old", "other": "old"} == {
            name: text for name, text in contents(tmp_path).items() if not name.startswith(UNFINISHED)
        }

    assert {"a": "new", "b": "new", "other": "old"} == contents(tmp_path)


def run_out_of_room(folder: Path) -> None:
    with replacing_together(folder, ("a", "b"), stale=("stale",)) as temporary:
        write_text(temporary / "a", "new")
        with replacing(temporary / "b"):
            raise OSError(28, "No space left on device")


def test_files_that_belong_together_stay_as_they_were_together(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "old")
    write_text(tmp_path / "stale", "old")
    with pytest.raises(BadInput) as caught:
        run_out_of_room(tmp_path)

    assert f"cannot write {tmp_path / 'b'}: No space left on device" == caught.value.what
    assert {"a": "old", "stale": "old"} == contents(tmp_path)


def replace_together(folder: Path) -> None:
    with replacing_together(folder, ("a", "b"), stale=("stale",)) as temporary:
        write_text(temporary / "a", "new")
        write_text(temporary / "b", "new")


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize(("refused", "left"), [("a", {}), ("b", {"a": "new"})])
def test_a_folder_whose_files_did_not_all_take_their_places_is_without_the_last(
    refused: str, left: Dict[str, str], error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_text(tmp_path / "b", "old")
    write_text(tmp_path / "stale", "old")
    moved = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if target == tmp_path / refused:
            raise error
        return moved(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises((BadInput, KeyboardInterrupt)) as caught:
        replace_together(tmp_path)

    assert left == contents(tmp_path)
    assert sorted(left) == listed(tmp_path)
    if isinstance(caught.value, BadInput):
        assert (
            f"cannot write {tmp_path / refused}: No space left on device",
            "its files are replaced one after another, b last: without b they do not belong together",
            "make the folder and this file writable, and type the command again",
        ) == caught.value.args


def test_a_link_is_replaced_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    write_text(tmp_path / "elsewhere" / "b", "theirs")
    (tmp_path / "a").symlink_to("elsewhere")
    (tmp_path / "b").symlink_to("elsewhere/b")
    (tmp_path / "stale").symlink_to("nowhere")
    replace_together(tmp_path)

    assert {"a": "new", "b": "new", "elsewhere/b": "theirs"} == contents(tmp_path)
    assert ["a", "b", "elsewhere"] == listed(tmp_path)


@pytest.mark.parametrize("place", ["a", "b", "stale"])
def test_a_folder_in_the_place_of_one_file_stops_all_of_them(place: str, tmp_path: Path) -> None:
    files = {name for name in ("a", "b", "stale") if name != place}
    for name in files:
        write_text(tmp_path / name, "old")
    (tmp_path / place).mkdir()
    with pytest.raises(BadInput) as caught:
        replace_together(tmp_path)

    assert (
        f"{tmp_path / place} is a folder",
        f"a file {place} must be written there",
        f"remove {tmp_path / place}, or name another folder",
    ) == caught.value.args
    assert dict.fromkeys(files, "old") == contents(tmp_path)
    assert ["a", "b", "stale"] == listed(tmp_path)


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "kept")
    (tmp_path / f"{UNFINISHED}1.h5").touch()
    (tmp_path / f"{UNFINISHED}2").mkdir()
    (tmp_path / f"{UNFINISHED}2" / "b").touch()
    remove_unfinished(tmp_path)
    remove_unfinished(tmp_path / "never was")

    assert {"a.txt": "kept"} == contents(tmp_path)
    assert ["a.txt"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("require", "possible", "impossible", "what"),
    [
        (require_writable, "new/deeper", "file/runs/a", "DIR/file is not a folder"),
        (require_writable, "new", f"{'n' * 300}/runs", os.strerror(errno.ENAMETOOLONG)),
        (require_replaceable, "new/result.json", "", "DIR is a folder"),
    ],
)
def test_whether_a_place_can_be_written_is_asked_before_the_work_and_nothing_is_made(
    require: Callable[[Path], object], possible: str, impossible: str, what: str, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    require(tmp_path / possible)

    assert what in refused(lambda: require(tmp_path / impossible), DIR=tmp_path)[0]
    assert ["file"] == listed(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user, whom permissions stop")
def test_a_folder_of_somebody_else_is_told_before_the_work(tmp_path: Path) -> None:
    ended = as_nobody(
        tmp_path,
        "from mnist_repro.files.atomic import require_writable\n"
        "from mnist_repro.errors import BadInput\n"
        "try:\n    require_writable(Path('theirs/runs'))\n"
        "except BadInput as error:\n    print(error)",
    )

    assert (
        f"cannot write into {tmp_path / 'theirs'}\n"
        "  why: its permissions, or those of its disk, forbid it\n"
        "  next: name another folder\n"
    ) == ended


def as_nobody(folder: Path, program: str) -> str:
    """What a program prints that runs as a user who may do nothing, beside a folder ``theirs`` that is not its own."""
    (folder / "theirs").mkdir(mode=0o755)
    # The folders above are pytest's, for root alone: they are left by way of a folder that is already open.
    imports = (
        "import os, unicodedata\nfrom pathlib import Path\n"
        "from mnist_repro import errors\nfrom mnist_repro.files import atomic"
    )
    start = f"{imports}\nos.setuid(65534)\n{program}"
    for above in (folder, *folder.parents):
        if stat.S_IMODE(above.stat().st_mode) == 0o700:
            above.chmod(0o711)
    ended = subprocess.run(
        [sys.executable, "-c", start],
        cwd=str(folder),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )
    return ended.stdout


WITH_ROOM_FOR = """
import json, resource, sys
from pathlib import Path
from mnist_repro.files.atomic import write_text
from mnist_repro.errors import BadInput

said = []
for room in json.loads(sys.argv[1]):
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    try:
        write_text(Path(sys.argv[2], str(room)), "x" * 100_000)
        said.append("written")
    except BadInput as error:
        said.append(error.what)
print(json.dumps(said))
"""


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    *too_small, enough = rooms = [0, 1, 4096, 99_999, 100_000]
    for room in rooms:
        write_text(tmp_path / str(room), "old")
    ended = subprocess.run(
        [sys.executable, "-c", WITH_ROOM_FOR, json.dumps(rooms), str(tmp_path)],
        env={**environment(), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        timeout=PATIENCE,
        check=True,
    )

    refused = [f"cannot write {tmp_path / str(room)}: {os.strerror(errno.EFBIG)}" for room in too_small]
    assert [*refused, "written"] == json.loads(ended.stdout)
    assert {**{str(room): "old" for room in too_small}, str(enough): "x" * 100_000} == contents(tmp_path)


def test_a_process_killed_in_the_middle_leaves_the_old_file(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "old")
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from mnist_repro.files.atomic import replacing\n"
        "with replacing(Path(sys.argv[1])) as temporary:\n"
        "    temporary.write_text('ne')\n    os.kill(os.getpid(), signal.SIGKILL)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "a.txt")], env=environment(), timeout=PATIENCE, check=False
    )
    assert -signal.SIGKILL == ended.returncode
    assert "old" == (tmp_path / "a.txt").read_text(encoding="utf-8")

    remove_unfinished(tmp_path)
    assert {"a.txt": "old"} == contents(tmp_path)
