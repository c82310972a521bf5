"""A file is the old one or the new one, never half of either, whatever goes wrong."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Dict, List

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

WHY = "the folder must be writable and its disk must have room; what was there before is untouched"
FIX = "free some space, or name another folder"


def contents(folder: Path) -> Dict[str, str]:
    """Every file below ``folder``, hidden ones too, with its text."""
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_text_is_written_with_the_folders_it_needs(tmp_path: Path) -> None:
    write_text(tmp_path / "new" / "deeper" / "a.txt", "ärger\n")

    assert {"new/deeper/a.txt": "ärger\n"} == contents(tmp_path)


def test_a_file_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "old")
    write_text(tmp_path / "a.txt", "new")

    assert {"a.txt": "new"} == contents(tmp_path)


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


def test_a_disk_that_refuses_is_bad_input(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "old")
    with pytest.raises(BadInput) as caught, replacing(tmp_path / "a.txt"):
        raise OSError(28, "No space left on device")

    assert (f"cannot write {tmp_path / 'a.txt'}: No space left on device", WHY, FIX) == caught.value.args
    assert {"a.txt": "old"} == contents(tmp_path)


def test_of_the_many_lines_of_an_hdf5_error_the_reason_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught, replacing(tmp_path / "model.h5"):
        raise OSError("Can't write data (file write failed: time = Sat\n, filename = 'x', errno = 27)")

    assert f"cannot write {tmp_path / 'model.h5'}: Can't write data" == caught.value.what


def test_an_error_without_words_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught, replacing(tmp_path / "a.txt"):
        raise TimeoutError

    assert f"cannot write {tmp_path / 'a.txt'}: TimeoutError" == caught.value.what


def test_a_folder_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(BadInput, match=rf"cannot write .*a\.txt: {os.strerror(errno.EISDIR)}"):
        write_text(tmp_path / "a.txt", "new")

    assert ["a.txt"] == [path.name for path in tmp_path.iterdir()]


def test_a_file_where_a_folder_is_needed(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "")
    with pytest.raises(BadInput, match=r"cannot write .*a/b/c\.txt: "):
        write_text(tmp_path / "a" / "b" / "c.txt", "new")


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


def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=os.strerror(errno.ENAMETOOLONG)):
        write_text(tmp_path / ("n" * 256), "")

    assert {} == contents(tmp_path)


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


def test_whether_a_folder_can_be_written_is_asked_without_making_it(tmp_path: Path) -> None:
    require_writable(tmp_path / "new" / "deeper")

    assert [] == list(tmp_path.iterdir())


def test_a_file_above_the_folder_is_told_before_the_work(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(BadInput) as caught:
        require_writable(file / "runs" / "a")

    assert (
        f"{file} is not a folder",
        f"{file / 'runs' / 'a'} must be one",
        "name another folder",
    ) == caught.value.args


def test_a_name_that_is_too_long_is_told_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=os.strerror(errno.ENAMETOOLONG)):
        require_writable(tmp_path / ("n" * 300) / "runs")


def test_a_folder_where_a_file_is_to_be_is_told_before_the_work(tmp_path: Path) -> None:
    require_replaceable(tmp_path / "new" / "result.json")
    with pytest.raises(BadInput) as caught:
        require_replaceable(tmp_path)

    assert (
        f"{tmp_path} is a folder",
        "a file must be written there",
        f"name a file in it: {tmp_path / 'FILE'}",
    ) == caught.value.args


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
        "import os\nfrom pathlib import Path\nfrom mnist_repro import errors\nfrom mnist_repro.files import atomic"
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


@pytest.mark.parametrize("room", [0, 1, 4096, 99_999])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(room: int, tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "old")
    said = with_room_for(room, ["a.txt"], tmp_path)

    assert [f"cannot write {tmp_path / 'a.txt'}: {os.strerror(errno.EFBIG)}"] == said
    assert {"a.txt": "old"} == contents(tmp_path)


def test_a_disk_with_just_enough_room(tmp_path: Path) -> None:
    assert ["written"] == with_room_for(100_000, ["a.txt"], tmp_path)
    assert {"a.txt": "x" * 100_000} == contents(tmp_path)


def with_room_for(size: int, names: List[str], folder: Path) -> List[str]:
    """What a process says that may make files of ``size`` bytes and writes 100,000 into each."""
    program = (
        "import json, sys\n"
        "from pathlib import Path\n"
        "from mnist_repro.files.atomic import write_text\n"
        "from mnist_repro.errors import BadInput\n"
        "said = []\n"
        "for name in sys.argv[1:]:\n"
        "    try:\n        write_text(Path(name), 'x' * 100_000)\n        said.append('written')\n"
        "    except BadInput as error:\n        said.append(error.what)\n"
        "print(json.dumps(said))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, *(str(folder / name) for name in names)],
        env={**environment(), "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
        stdout=subprocess.PIPE,
        timeout=PATIENCE,
        check=True,
    )
    said: List[str] = json.loads(ended.stdout)
    return said


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
