"""Captured output is in files that outlive the process; only the end of long files is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from _pytest import capture

from pjm.job.captured_output import forget, keep, kept, last_lines


def test_pytests_first_two_files_are_kept_under_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "TemporaryFile", capture.TemporaryFile)  # type: ignore[attr-defined]
    keep(tmp_path)

    files = [capture.TemporaryFile(buffering=0) for _ in range(3)]  # type: ignore[attr-defined]
    for file, text in zip(files, (b"said\n", b"", b"of capfd\n")):
        file.write(text)

    assert (("Captured stdout call", "said"),) == kept(tmp_path, "call")
    assert ["captured.stderr", "captured.stdout"] == sorted(path.name for path in tmp_path.iterdir())
    for file in files:
        file.close()
    forget(tmp_path)
    assert ((), []) == (kept(tmp_path, "call"), list(tmp_path.iterdir()))


def test_where_no_file_can_be_kept_output_is_captured_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture, "TemporaryFile", capture.TemporaryFile)  # type: ignore[attr-defined]
    keep(tmp_path / "missing")

    with capture.TemporaryFile(buffering=0) as file:  # type: ignore[attr-defined]
        assert 4 == file.write(b"said")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", ""),
        (b"one\ntwo\nthree\n", "two\nthree"),
        (b"one\n\xff", "one\n\N{REPLACEMENT CHARACTER}"),
        (b"x" * 100_000, "x" * 65536),
    ],
    ids=["empty", "three lines", "no UTF-8", "one long line"],
)
def test_the_last_lines_of_a_file(tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "out").write_bytes(content)

    assert expected == last_lines(tmp_path / "out", 2)
    assert "" == last_lines(tmp_path / "missing", 2)
