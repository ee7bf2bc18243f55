"""Text for people: colour only where it is wanted, hostile names made harmless, columns that fit.

Names, messages and values come from programs and providers, so they may hold anything: escape sequences that rewrite
the terminal, line breaks that fake a line of ours, characters that turn the reading order. All of it is written out.
"""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Final

import click
from rich.cells import cell_len

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories never printed as they are: control, format (bidirectional marks), surrogates, separators."""


class Tone(StrEnum):
    """What a piece of text means; the value is the terminal colour for it."""

    ADDED = "green"
    CHANGED = "yellow"
    REPLACED = "magenta"
    REMOVED = "red"
    BAD = "bright_red"
    QUIET = "bright_black"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What is written on: whether it shows colours, and how many columns it has (`None`: as many as it takes)."""

    colour: bool = False
    width: int | None = None

    def paint(self, text: str, tone: Tone | None = None, *, bold: bool = False) -> str:
        """The text in a tone, if this paper shows colours."""
        if not self.colour or not text or (tone is None and not bold):
            return text
        return click.style(text, fg=tone.value if tone else None, bold=bold or None)


def paper_for(stream: IO[str]) -> Paper:
    """The paper behind a stream: colours and a width only on a terminal, no colours where NO_COLOR is set."""
    if not stream.isatty():
        return Paper()
    try:
        width = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        width = 0
    return Paper(colour=not os.environ.get("NO_COLOR"), width=width or None)


@lru_cache(maxsize=4096)
def escape(text: str) -> str:
    r"""The text on one line, with every character that is not for printing written as `\n`, `\x1b`, `\u202e`, ..."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_written(c) if unicodedata.category(c) in _UNSAFE else c for c in text)


def _written(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def escape_lines(text: str) -> list[str]:
    """The lines of a message, each escaped; a tab becomes four blanks, blank lines at the end go."""
    return [escape(line.replace("\t", "    ")) for line in text.replace("\r\n", "\n").rstrip().split("\n")]


def quoted(text: str) -> str:
    """The text in double quotes, on one line."""
    body = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escape(body)}"'


def columns(rows: Sequence[Sequence[str]], *, width: int | None, indent: str = "  ") -> list[str]:
    """Rows under each other in columns, two blanks apart; what does not fit into `width` loses its last column.

    The last column then follows on a line of its own, so that nothing is cut. Cells hold no colours.
    """
    if not rows:
        return []
    widths = [max(cell_len(row[i]) for row in rows) for i in range(len(rows[0]))]
    total = cell_len(indent) + sum(widths) + 2 * (len(widths) - 1)
    if width is None or total <= width:
        return [_row(row, widths, indent) for row in rows]
    lines: list[str] = []
    for row in rows:
        lines.append(_row(row[:-1], widths[:-1], indent))
        if row[-1]:
            lines.append(f"{indent}      {row[-1]}")
    return lines


def _row(cells: Sequence[str], widths: Sequence[int], indent: str) -> str:
    padded = (cell + " " * (size - cell_len(cell)) for cell, size in zip(cells, widths, strict=True))
    return (indent + "  ".join(padded)).rstrip()


def listed(items: Sequence[str], *, most: int = 4) -> str:
    """Items with commas between them, the rest counted: `a, b, c, d and 12 more`."""
    shown = ", ".join(items[:most])
    return shown if len(items) <= most else f"{shown} and {len(items) - most} more"


def count(number: int, noun: str) -> str:
    """`1 resource`, `2 resources`, `10,000 resources`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
