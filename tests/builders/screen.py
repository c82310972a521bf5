"""A terminal of some width: what its user sees of a process, at any time and in the end."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from pathlib import Path
from typing import List, Mapping, Sequence, Set

_TOKEN = re.compile(r"\x1b\[(\d*)([A-Za-z])|([\r\n])|([^\x1b\r\n]+)")


class Screen:
    """Shows text as a terminal does: lines wrap at its width, and the cursor moves up, right and to the line's start.

    Attributes:
        lines: what is shown, without trailing spaces.
        live: each line that began with "fugaku: " while it was the last one.
    """

    def __init__(self, columns: int) -> None:
        self.live: Set[str] = set()
        self._columns = columns
        self._rows: List[List[str]] = [[]]
        self._row = self._column = 0

    @property
    def lines(self) -> List[str]:
        return ["".join(row).rstrip() for row in self._rows]

    def show(self, text: str) -> None:
        for number, command, control, plain in _TOKEN.findall(text):
            if command:
                self._move(command, int(number or 1))
            elif control == "\r":
                self._column = 0
            elif control:
                self._down()
            else:
                for character in plain:
                    self._put(character)
        last = self.lines[-1]
        if last.startswith("fugaku: "):
            self.live.add(last)

    def _move(self, command: str, number: int) -> None:
        if command == "A":
            self._row -= number
        elif command == "C":
            self._column += number
        elif command == "K":
            del self._rows[self._row][self._column :]
        else:
            assert command == "m", command  # colours

    def _down(self) -> None:
        self._row, self._column = self._row + 1, 0
        if self._row == len(self._rows):
            self._rows.append([])

    def _put(self, character: str) -> None:
        if self._column == self._columns:
            self._down()
        row = self._rows[self._row]
        row.extend(" " * (self._column + 1 - len(row)))
        row[self._column] = character
        self._column += 1


def watched(command: Sequence[str], folder: Path, variables: Mapping[str, str], columns: int) -> Screen:
    """Run a process at a terminal to its end."""
    screen, (ours, theirs) = Screen(columns), pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    process = subprocess.Popen(command, cwd=folder, env=dict(variables), stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    rest = b""
    while True:
        try:
            data = os.read(ours, 65536)
        except OSError:  # Linux: the last process that had the terminal is gone
            data = b""
        if not data:
            break
        text, rest = (rest + data).decode("utf-8", "replace"), b""
        screen.show(text)
    os.close(ours)
    process.wait()
    return screen
