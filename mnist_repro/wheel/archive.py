"""The archive that WHEEL imports: a .tgz with the project's folder and in it a git repository with one commit. Pure.

Written here and not by git and gzip: the same files give the same bytes on every machine, whatever its settings of git.
Formats: git's Documentation/gitformat-index and gitrepository-layout, RFC 1952.
"""

from __future__ import annotations

import hashlib
import struct
import tarfile
import zlib
from typing import Dict, Mapping

# 2026-01-01, as `project.WHEN`.
_TIME = 1767225600
_AUTHOR = f"mnist-repro <mnist-repro@example.com> {_TIME} +0000"
_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n"
_BRANCH = "refs/heads/main"


def archive(name: str, files: Mapping[str, str]) -> bytes:
    """The bytes of NAME.tgz, whose files all lie in NAME.wheel.

    Args:
        name: name of the project.
        files: text by path, as `Project.files` gives it.
    """
    contents = {path: text.encode("utf-8") for path, text in files.items()}
    contents.update({f".git/{path}": data for path, data in _repository(dict(contents)).items()})
    return _gzip(
        b"".join(_member(f"{name}.wheel/{path}", data) for path, data in sorted(contents.items())) + bytes(1024)
    )


def mode_of(path: str) -> int:
    """The permissions of a file: scripts can be executed, which WHEEL would otherwise change, and git then see."""
    return 0o755 if path.endswith(".sh") else 0o644


def _member(path: str, data: bytes) -> bytes:
    """One file of a tar archive."""
    member = tarfile.TarInfo(path)
    member.size, member.mtime, member.mode = len(data), _TIME, mode_of(path)
    head = bytearray(member.tobuf(tarfile.USTAR_FORMAT))
    # Numbers of a device, which a file has not: versions of Python differ in what they write.
    head[329:345] = b"0000000\0" * 2
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head) + data + bytes(-len(data) % tarfile.BLOCKSIZE)


def _repository(files: Mapping[str, bytes]) -> Dict[str, bytes]:
    """The files of a `.git` folder in which all ``files`` are committed."""
    objects: Dict[str, bytes] = {}
    blobs = {path: _store(objects, "blob", data) for path, data in files.items()}
    tree = _tree(objects, blobs)
    text = f"tree {tree.hex()}\nauthor {_AUTHOR}\ncommitter {_AUTHOR}\n\nAs mnist-repro wheel wrote it\n"
    commit = _store(objects, "commit", text.encode("ascii"))
    return {
        "HEAD": f"ref: {_BRANCH}\n".encode("ascii"),
        "config": _CONFIG.encode("ascii"),
        _BRANCH: f"{commit.hex()}\n".encode("ascii"),
        "index": _index(files, blobs),
        **objects,
    }


def _store(objects: Dict[str, bytes], kind: str, data: bytes) -> bytes:
    whole = f"{kind} {len(data)}".encode("ascii") + b"\0" + data
    digest = hashlib.sha1(whole)  # noqa: S324 - git's names of objects
    # Stored and not compressed: compressors differ in what they write.
    objects[f"objects/{digest.hexdigest()[:2]}/{digest.hexdigest()[2:]}"] = zlib.compress(whole, 0)
    return digest.digest()


def _tree(objects: Dict[str, bytes], blobs: Mapping[str, bytes]) -> bytes:
    """Store the tree of these files, and return its name."""
    folders: Dict[str, Dict[str, bytes]] = {}
    entries: Dict[str, bytes] = {}
    for path, blob in blobs.items():
        first, slash, rest = path.partition("/")
        if slash:
            folders.setdefault(first, {})[rest] = blob
        else:
            entries[first] = f"{_git_mode(path):o} {first}".encode("ascii") + b"\0" + blob
    for folder, inside in folders.items():
        # git sorts a folder as if its name ended in a slash.
        entries[f"{folder}/"] = f"40000 {folder}".encode("ascii") + b"\0" + _tree(objects, inside)
    return _store(objects, "tree", b"".join(entries[name] for name in sorted(entries)))


def _index(files: Mapping[str, bytes], blobs: Mapping[str, bytes]) -> bytes:
    """The index of a fresh checkout; without it, git would take every file for deleted."""
    entries = b""
    for path in sorted(files):
        name = path.encode("ascii")
        numbers = struct.pack(">10I", 0, 0, 0, 0, 0, 0, _git_mode(path), 0, 0, len(files[path]))
        entry = numbers + blobs[path] + struct.pack(">H", len(name)) + name
        entries += entry + bytes(8 - len(entry) % 8)
    whole = struct.pack(">4sII", b"DIRC", 2, len(files)) + entries
    return whole + hashlib.sha1(whole).digest()  # noqa: S324


def _git_mode(path: str) -> int:
    return 0o100000 | mode_of(path)


def _gzip(data: bytes) -> bytes:
    """A gzip file without name and time."""
    stream = zlib.compressobj(0, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = stream.compress(data) + stream.flush()
    head = b"\x1f\x8b\x08" + bytes(5) + b"\0\xff"
    return head + packed + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)
