"""Archives: what is packed comes out as it was, and nothing is written outside of the folder."""

from __future__ import annotations

import io
import os
import stat
import tarfile
from pathlib import Path
from typing import Optional

import pytest

from pjm.remote.archive import pack, unpack


def archive(name: str, content: Optional[bytes] = None, kind: bytes = tarfile.REGTYPE, link: str = "") -> io.BytesIO:
    """An archive with one member, made by hand."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as made:
        member = tarfile.TarInfo(name)
        member.pax_headers = {"path": name}
        member.type, member.linkname = kind, link
        member.size = len(content or b"")
        made.addfile(member, io.BytesIO(content) if content is not None else None)
    file.seek(0)
    return file


def files(folder: Path) -> object:
    """Everything below a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_files_and_folders_come_out_as_they_were(tmp_path: Path) -> None:
    made, out = tmp_path / "made", tmp_path / "out"
    (made / "inner" / "empty").mkdir(parents=True)
    (made / "inner" / "program").write_bytes(b"\0\xff")
    (made / "inner" / "program").chmod(0o4755)
    (made / "inner" / "text").touch(0o444)
    file = io.BytesIO()

    pack(file, [(made / "inner", "other/name")])
    file.seek(0)
    unpack(file, out)

    assert ["other", "other/name", "other/name/empty", "other/name/program", "other/name/text"] == files(out)
    assert b"\0\xff" == (out / "other" / "name" / "program").read_bytes()
    modes = [stat.S_IMODE((out / "other" / "name" / name).stat().st_mode) for name in ("program", "text", "empty")]
    assert [0o700, 0o600, 0o700] == modes


def test_names_that_are_not_utf8_come_out_as_they_were(tmp_path: Path) -> None:
    name, file = os.fsdecode(b"na\xefve \xe3\x81\x82\n"), io.BytesIO()
    (tmp_path / name).write_text("content")

    pack(file, [(tmp_path / name, f"{'long' * 50}/{name}")])
    file.seek(0)
    unpack(file, tmp_path / "out")

    assert "content" == (tmp_path / "out" / ("long" * 50) / name).read_text()


def test_nobody_learns_who_packed_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    file = io.BytesIO()

    pack(file, [(tmp_path / "file", "file")])
    file.seek(0)

    with tarfile.open(fileobj=file) as made:
        (member,) = made.getmembers()
    assert (0, 0, "", "") == (member.uid, member.gid, member.uname, member.gname)


def test_a_link_is_packed_as_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    file = io.BytesIO()

    pack(file, [(tmp_path / "link", "link")])
    file.seek(0)

    with tarfile.open(fileobj=file) as made:
        (member,) = made.getmembers()
    assert (True, "nowhere") == (member.issym(), member.linkname)


@pytest.mark.parametrize("name", ["../out", "in/../../out", "%s/out", "/%s/out", "", ".", "./", "nul\0byte"])
def test_a_file_outside_of_the_folder_is_not_written(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()

    unpack(archive(name.replace("%s", str(tmp_path)), b"hostile"), folder)

    assert ["folder"] == files(tmp_path)


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE], ids=repr
)
def test_links_and_devices_are_not_made(tmp_path: Path, kind: bytes) -> None:
    (tmp_path / "target").touch()
    (tmp_path / "folder").mkdir()

    unpack(archive("name", kind=kind, link="../target"), tmp_path / "folder")

    assert [] == files(tmp_path / "folder")


@pytest.mark.parametrize("name", ["link", "link/file", "link/inner/file"])
def test_nothing_is_written_through_a_link(tmp_path: Path, name: str) -> None:
    (tmp_path / "outside" / "inner").mkdir(parents=True)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "link").symlink_to(tmp_path / "outside")

    unpack(archive(name, b"hostile"), tmp_path / "folder")

    assert ["inner"] == files(tmp_path / "outside")
    assert (tmp_path / "folder" / "link").is_symlink()


def test_a_file_that_is_there_is_replaced_and_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    os.link(str(tmp_path / "file"), str(tmp_path / "other-name"))

    unpack(archive("file", b"new"), tmp_path)

    assert ["new", "old"] == [(tmp_path / name).read_text() for name in ("file", "other-name")]


@pytest.mark.parametrize("content", [b"", b"no archive", archive("file", b"x" * 5000).getvalue()[:3000]])
def test_what_is_no_whole_archive_is_an_error(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(tarfile.TarError):
        unpack(io.BytesIO(content), tmp_path)

    assert not (tmp_path / "file").exists()


def test_a_link_to_another_file_of_the_archive_becomes_a_copy(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    target.mkdir()
    (source / "a.txt").write_text("0.927")
    os.link(str(source / "a.txt"), str(source / "hard.txt"))
    (source / "soft.txt").symlink_to("a.txt")
    with (tmp_path / "archive").open("w+b") as file:
        pack(file, [(source, "source")])
        file.seek(0)
        unpack(file, target)

    texts = {path.name: path.read_text() for path in sorted((target / "source").iterdir())}
    assert {"a.txt": "0.927", "hard.txt": "0.927", "soft.txt": "0.927"} == texts
    assert not any(path.is_symlink() for path in (target / "source").iterdir())
