"""Registers QEMU with the kernel (binfmt_misc), so that it starts aarch64 programs; takes back what it made."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path
from typing import Iterator

from mnist_repro.errors import BadInput

FOLDER = Path("/proc/sys/fs/binfmt_misc")
# An ELF file of 64 bits, little-endian, executable or shared, for EM_AARCH64 (183).
MAGIC = bytes.fromhex("7f454c460201010000000000000000000200b700")
MASK = bytes.fromhex("ffffffffffffff00fffffffffffffffffeffffff")
# The process id follows, so that several sessions are in nobody's way.
OURS = "mnist-repro-a64fx-"
_REMOVE = "-1"
_BY_THE_SYSTEM = "apt-get install qemu-user-binfmt, which registers QEMU; or type the command again as root"


@contextlib.contextmanager
def registered(qemu: Path) -> Iterator[None]:
    """During the block, the kernel starts aarch64 programs by QEMU.

    An entry of the system is used. Without one, the file system is mounted if need be, and an entry made; both are
    undone at the end. The file system stays mounted while others have entries in it.

    Raises:
        BadInput: the kernel has no binfmt_misc, or this user may not register anything.
    """
    folder = FOLDER
    if _has_entry_of_the_system(folder):
        yield
        return
    if os.geteuid() != 0:
        raise BadInput(
            "aarch64 programs do not start here",
            f"{folder} has no entry for them, and only root may make one",
            _BY_THE_SYSTEM,
        )
    entry = folder / f"{OURS}{os.getpid()}"
    with contextlib.ExitStack() as undo:
        if not (folder / "register").exists():
            _mount(folder)
            undo.callback(_unmount, folder, entry)
        _remove_left_over(folder)
        magic, mask = ("".join(f"\\x{byte:02x}" for byte in values) for values in (MAGIC, MASK))
        try:
            (folder / "register").write_text(f":{entry.name}:M::{magic}:{mask}:{qemu}:", encoding="ascii")
        except OSError as error:
            raise _impossible(folder, str(error.strerror)) from error
        undo.callback(_remove, entry)
        yield


def _has_entry_of_the_system(folder: Path) -> bool:
    for entry in folder.glob("*"):
        if entry.name not in ("register", "status") and not entry.name.startswith(OURS):
            lines = entry.read_text(encoding="ascii", errors="replace").splitlines()
            if "enabled" in lines and f"magic {MAGIC.hex()}" in lines:
                return True
    return False


def _mount(folder: Path) -> None:
    mount = ["mount", "-t", "binfmt_misc", "binfmt_misc", str(folder)]
    try:
        ended = subprocess.run(mount, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")
    except OSError as error:
        raise _impossible(folder, f"mount: {error.strerror}") from error
    if ended.returncode:
        raise _impossible(folder, ended.stdout.strip())


def _impossible(folder: Path, why: str) -> BadInput:
    return BadInput(
        f"QEMU cannot be registered in {folder}",
        f"{why}; the kernel has no binfmt_misc, or this container may not use it",
        f"modprobe binfmt_misc, or, on the machine itself: {_BY_THE_SYSTEM}",
    )


def _unmount(folder: Path, own: Path) -> None:
    if {entry.name for entry in folder.glob("*")} <= {"register", "status", own.name}:
        umount = ["umount", str(folder)]
        subprocess.run(umount, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _remove_left_over(folder: Path) -> None:
    """Remove the entries of sessions that were killed."""
    for entry in folder.glob(f"{OURS}*"):
        if not (Path("/proc") / entry.name[len(OURS) :]).exists():
            _remove(entry)


def _remove(entry: Path) -> None:
    with contextlib.suppress(OSError):
        entry.write_text(_REMOVE, encoding="ascii")
