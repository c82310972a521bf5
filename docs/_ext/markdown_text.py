"""Pieces of Markdown, with whatever text in them."""

from __future__ import annotations

import re
from typing import Iterable, List, Sequence


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are Markdown."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def code(text: str) -> str:
    """Text as code within a line; nothing for no text."""
    fence = "``" if "`" in text else "`"
    return f"{fence} {text} {fence}" if "`" in text else f"`{text}`" if text else ""


def plain(text: str) -> str:
    """Text that is to be read as it is, but for `code`."""
    spans = re.split(r"(`[^`]+`)", text)
    return "".join(span if span.startswith("`") else re.sub(r"([\\*_<>\[\]#$])", r"\\\1", span) for span in spans)


def literal(text: str, language: str = "text") -> str:
    """A block of code."""
    return f"```{language}\n{text.rstrip()}\n```\n"


def described(text: str) -> str:
    """A description from a command's help: paragraphs, and its lists of examples as blocks."""
    pieces: List[str] = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        head, _, rest = paragraph.partition("\n")
        if rest and all(line.startswith("  ") for line in rest.splitlines()):
            pieces.append(f"{plain(head)}\n\n{literal(_dedented(rest))}")
        else:
            pieces.append(plain(paragraph) + "\n")
    return "\n".join(pieces)


def _dedented(text: str) -> str:
    return "\n".join(line[2:] for line in text.splitlines())
