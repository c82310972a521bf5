"""The user's own settings, which belong to a person and not to a project: read from a file, and checked."""

from __future__ import annotations

import difflib
import os
import shlex
import stat
from pathlib import Path
from typing import Dict, List, Union

from pjm.errors import BadInput
from pjm.files import writable_by_others

Value = Union[str, List[str]]
_SECTION = "pytest"  # as in pytest.ini, so that a line can be moved from the one file to the other


def settings_file() -> Path:
    """The file of the user's own settings. It need not exist."""
    folder = Path(os.environ.get("XDG_CONFIG_HOME") or "")
    home = folder if folder.is_absolute() else Path(os.path.expanduser("~/.config"))  # noqa: PTH111 - without an error
    return home / "pytest-pjm" / "settings.ini"


def user_settings() -> Dict[str, Value]:
    """The values of the file by name, without "fugaku_", as pytest reads them from its own configuration.

    Raises:
        BadInput: the file cannot be read, others may write to it, or something in it is unknown.
    """
    path = settings_file()
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as error:
        why = str(getattr(error, "strerror", None) or error)
        raise BadInput(f"your settings in {path} cannot be read", why, "correct it, or move it away") from error
    _check_private(path.resolve())
    return _values(path, text)


def _check_private(path: Path) -> None:
    for place in (path, path.parent):
        owner = place.stat().st_uid
        if owner not in (0, os.getuid()):
            raise BadInput(
                f"your settings in {path} are not used",
                f"{place} belongs to another user (uid {owner}), and the settings name commands that jobs run as you",
                f"make a file of your own: rm {shlex.quote(str(settings_file()))}"
                if place == path or path.parent != settings_file().parent.resolve()
                else f"make a folder of your own: mv {shlex.quote(str(place))} {shlex.quote(f'{place}.old')}",
            )
        if writable_by_others(place):
            raise BadInput(
                f"your settings in {path} are not used",
                f"others may write to {place} (mode {stat.S_IMODE(place.stat().st_mode):o}), and the settings name "
                "commands that jobs run as you",
                f"look at what they say, then type: chmod go-w {shlex.quote(str(place))}",
            )


def _values(path: Path, text: str) -> Dict[str, Value]:
    # Here, because most users have no such file.
    from iniconfig import IniConfig, ParseError

    from pytest_pjm import SETTINGS

    try:
        sections = {section.name: section for section in IniConfig(str(path), text)}
    except ParseError as error:
        raise BadInput(
            f"{path} cannot be read", f"line {error.lineno + 1}: {error.msg}", "correct that line"
        ) from error
    for name in sections:
        if name != _SECTION:
            raise BadInput(
                f"{path} has a section [{name}]",
                f"the settings belong in the section [{_SECTION}], as in pytest.ini",
                f"call it [{_SECTION}], or remove it",
            )
    kinds = {f"fugaku_{name}": kind for name, kind in SETTINGS}
    values: Dict[str, Value] = {}
    for name, value in sections[_SECTION].items() if sections else ():
        if name not in kinds:
            close = difflib.get_close_matches(name, kinds, 1)
            raise BadInput(
                f"{path} has {name!r}",
                "it is no setting of pytest --fugaku",
                f"call it {close[0]}" if close else f"remove it; there are: {', '.join(kinds)}",
            )
        try:
            values[name[len("fugaku_") :]] = _read(value, kinds[name])
        except ValueError as error:
            raise BadInput(
                f"{path} has {name} = {value}",
                f"it is read as a shell reads it: {str(error).lower()}",
                "close the quotes",
            ) from error
    return values


def _read(text: str, kind: str) -> Value:
    if kind == "linelist":
        return [line.strip() for line in text.splitlines() if line.strip()]
    return shlex.split(text) if kind == "args" else text
