"""What the command lines and pytest's options and settings are, from the parsers that read them."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, List, Tuple

from markdown_text import code, described, plain, table

WIDTH = 98


@dataclass
class Recorder:
    """Replaces pytest's parser and its groups, and records the options and settings that plugins add.

    Attributes:
        options: name and what argparse would be given.
        settings: name, help, kind and default of pytest's configuration.
    """

    options: List[Tuple[str, Dict[str, Any]]] = field(default_factory=list)
    settings: List[Tuple[str, str, Any, Any]] = field(default_factory=list)

    def getgroup(self, name: str, description: str = "", after: Any = None) -> Recorder:
        """As pytest's parser."""
        return self

    def addoption(self, name: str, **about: Any) -> None:
        """As a group of pytest's parser."""
        self.options.append((name, about))

    def addini(self, name: str, help: str, type: Any = None, default: Any = None) -> None:
        """As pytest's parser."""
        self.settings.append((name, help, type, default))


def mnist_repro_commands() -> str:
    """Every command of `mnist-repro`."""
    from mnist_repro.cli import parser

    return "\n".join(_commands(parser(), 2))


def pjm_commands() -> str:
    """Every command of `pjm`."""
    from pjm.client.session_commands import add_commands as add_following
    from pjm.emulator.command import add_emulator
    from pjm.sessions.commands import add_commands

    top = argparse.ArgumentParser(prog="pjm")
    subparsers = top.add_subparsers(metavar="COMMAND")
    add_commands(subparsers)
    add_following(subparsers)
    add_emulator(subparsers)
    return "\n".join(_commands(top, 2))


def gate_commands() -> str:
    """Every command of `gate-baselines`."""
    from mnist_repro.gate.cli import parser

    return "\n".join(_commands(parser(), 2))


def gate_options() -> str:
    """The gate's options of pytest."""
    return _options(_of_gate())


def gate_configuration() -> str:
    """The gate's settings in pytest's configuration."""
    return _settings(_of_gate())


def mnist_repro_options() -> str:
    """The harness' options of pytest."""
    return _options(_of_harness())


def mnist_repro_configuration() -> str:
    """The harness' settings in pytest's configuration."""
    return _settings(_of_harness())


def pjm_options() -> str:
    """The options of `pytest --fugaku`."""
    return _options(_of_pjm())


def pjm_configuration() -> str:
    """Its settings in pytest's configuration."""
    return _settings(_of_pjm())


def _of_harness() -> Recorder:
    from mnist_repro.pytest_plugin import pytest_addoption

    recorder = Recorder()
    pytest_addoption(recorder)  # type: ignore[arg-type]
    return recorder


def _of_gate() -> Recorder:
    from mnist_repro.gate.plugin import pytest_addoption

    recorder = Recorder()
    pytest_addoption(recorder)  # type: ignore[arg-type]
    return recorder


def _of_pjm() -> Recorder:
    from pytest_pjm import add_options, add_settings

    recorder = Recorder()
    add_settings(recorder)  # type: ignore[arg-type]
    add_options(recorder)  # type: ignore[arg-type]
    return recorder


def _options(recorder: Recorder) -> str:
    rows = []
    for name, about in recorder.options:
        value = about.get("metavar") or "|".join(about.get("choices", ()))
        # One word, as pytest's own help has it: an existing folder as a word of its own could be taken for tests.
        assigned = f"[={value}]" if about.get("nargs") == "?" else f"={value}"
        shown = f"{name}{assigned}" if value else name
        rows.append((code(shown), plain(about.get("help", ""))))
    return table(("option", "what it does"), rows)


def _settings(recorder: Recorder) -> str:
    kinds = {"linelist": "lines", "args": "words, as in a shell", "bool": "true or false"}
    return table(
        ("setting", "holds", "what it does"),
        [(code(name), kinds.get(kind, "text"), plain(text)) for name, text, kind, _ in recorder.settings],
    )


def _commands(parser: argparse.ArgumentParser, level: int) -> Iterator[str]:
    """The sections of a parser's commands, and of theirs."""
    for command, summary in _subparsers(parser):
        yield f"{'#' * level} `{command.prog}`\n"
        yield described(command.description or f"{summary[:1].upper()}{summary[1:]}.")
        yield f"```text\n{_usage(command)}\n```\n"
        rows = [(code(_shown(action)), plain(_help(action))) for action in _arguments(command)]
        if rows:
            yield table(("argument", "what it is"), rows)
        if command.epilog:
            yield described(command.epilog)
        yield from _commands(command, level + 1)


def _subparsers(parser: argparse.ArgumentParser) -> Iterator[Tuple[argparse.ArgumentParser, str]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            summaries = {each.dest: each.help or "" for each in action._choices_actions}
            for name, command in action.choices.items():
                yield command, summaries.get(name, "")


def _arguments(parser: argparse.ArgumentParser) -> List[argparse.Action]:
    left_out = (argparse._SubParsersAction, argparse._HelpAction)
    return [action for action in parser._actions if not isinstance(action, left_out)]


def _usage(parser: argparse.ArgumentParser) -> str:
    # Not argparse's own, whose layout depends on the version of Python.
    words = [parser.prog]
    for action in _arguments(parser):
        shown = _shown(action)
        words.append(f"[{shown}]" if action.option_strings and not action.required else shown)
    commands = [command.prog.rpartition(" ")[2] for command, _ in _subparsers(parser)]
    lines = [""]
    for word in [*words, "|".join(commands)]:
        if len(lines[-1]) + len(word) > WIDTH:
            lines.append(" " * len(parser.prog))
        lines[-1] += f" {word}"
    return "\n".join(line[1:].rstrip() for line in lines)


def _shown(action: argparse.Action) -> str:
    value = action.metavar if isinstance(action.metavar, str) else None
    if value is None and action.choices is not None:
        value = "|".join(map(str, action.choices))
    if not action.option_strings:
        name = value or action.dest
        if isinstance(action.nargs, int):
            return " ".join([name] * action.nargs)
        return {"*": f"[{name} ...]", "+": f"{name} [{name} ...]", "?": f"[{name}]"}.get(str(action.nargs), name)
    if action.nargs == 0:
        return action.option_strings[-1]
    return f"{action.option_strings[-1]} {value or action.dest.upper()}"


def _help(action: argparse.Action) -> str:
    text = action.help or ""
    return text % {"default": action.default, "prog": ""} if "%" in text else text
