"""Patterns of AWS's policies, and the classes that several of them cut all texts into.

`*` stands for any text and `?` for any character; in the first five parts of an ARN neither goes past a colon. All
patterns are run over all texts at once, as one automaton, and each combination of them that some text matches is found
with the shortest such text. Time grows with the sum of their lengths where they hold few stars.
"""

import re
from collections import deque
from collections.abc import Sequence
from functools import lru_cache

_MOST_STATES = 2_000
_ARN_PARTS = 6

Pattern = str
"""A text in which the characters below are wild."""

_ANY, _ONE, _ANY_IN_PART, _ONE_IN_PART = map(chr, range(0xE000, 0xE004))  # so a pattern in ASCII has nothing wild
_WILD = {_ANY: ".*", _ONE: ".", _ANY_IN_PART: "[^:]*", _ONE_IN_PART: "[^:]"}
_STARS, _IN_PART = _ANY + _ANY_IN_PART, _ANY_IN_PART + _ONE_IN_PART
_EVERYWHERE, _INSIDE = str.maketrans("*?", _ANY + _ONE), str.maketrans("*?", _IN_PART)


class TooManyError(ValueError):
    """The patterns cut texts into more classes than are looked at."""


def literal(text: str) -> Pattern:
    """The pattern that one text matches."""
    return text


def like(text: str) -> Pattern:
    """A pattern as `StringLike` and actions read it."""
    return text.translate(_EVERYWHERE)


def arn(text: str) -> Pattern:
    """A pattern as `ArnLike` reads it: the six parts of an ARN are compared each by itself, the last to the end."""
    *parts, last = text.split(":", _ARN_PARTS - 1)
    return ":".join((*(part.translate(_INSIDE) for part in parts), like(last)))


def is_arn(text: str) -> bool:
    """Whether a text or pattern has an ARN's six parts."""
    return text.startswith("arn:") and text.count(":") >= _ARN_PARTS - 1


@lru_cache(maxsize=65536)
def matches(pattern: Pattern, text: str) -> bool:
    """Whether a text matches a pattern."""
    if pattern.isascii():
        return pattern == text
    if pattern[-1] == _ANY and pattern[:-1].isascii():
        return text.startswith(pattern[:-1])
    return _expression(pattern).fullmatch(text) is not None


def fits(text: str, pattern: str) -> bool:
    """Whether a text fits a pattern as policies write it, in which `*` and `?` are the only signs."""
    return matches(like(pattern), text)


@lru_cache(maxsize=4096)
def _expression(pattern: Pattern) -> re.Pattern[str]:
    return re.compile("".join(_WILD.get(char) or re.escape(char) for char in pattern), re.DOTALL)


def classes(patterns: Sequence[Pattern]) -> tuple[str, ...]:
    """A text of each class that the patterns cut all texts into.

    Raises:
        TooManyError: there are too many.
    """
    return _classes(tuple(dict.fromkeys(patterns)))


@lru_cache(maxsize=4096)
def _classes(patterns: tuple[Pattern, ...]) -> tuple[str, ...]:
    shared = _shared(patterns)
    found = tuple(f"{shared}{text}" for text in _walked(tuple(pattern[len(shared) :] for pattern in patterns)))
    return (*found, _stranger(patterns)) if shared else found


def _shared(patterns: tuple[Pattern, ...]) -> str:
    """The characters that all patterns begin with: a text without them matches none."""
    shared = ""
    for chars in zip(*patterns, strict=False):
        if chars[0] in _WILD or len(set(chars)) > 1:
            break
        shared += chars[0]
    return shared


def _stranger(patterns: tuple[Pattern, ...]) -> str:
    """A character that no pattern has."""
    used = set("".join(patterns))
    return next(char for char in "~xyzqwjk0123456789" + "".join(map(chr, range(0x100, 0x300))) if char not in used)


@lru_cache(maxsize=8192)
def _walked(patterns: tuple[Pattern, ...]) -> tuple[str, ...]:
    """The shortest text of each class, by visiting all states that texts can bring the patterns into."""
    other = _stranger(patterns)
    start = tuple(_closed(pattern, 1) for pattern in patterns)
    seen: dict[tuple[int, ...], str] = {start: ""}
    found: dict[tuple[int, ...], str] = {}
    waiting = deque([start])
    while waiting:
        state = waiting.popleft()
        text = seen[state]
        found.setdefault(tuple(at >> len(it) & 1 for at, it in zip(state, patterns, strict=True)), text)
        for char in _expected(patterns, state, other):
            after = tuple(_step(pattern, at, char) for pattern, at in zip(patterns, state, strict=True))
            if after not in seen:
                seen[after] = text + char
                waiting.append(after)
        if len(seen) > _MOST_STATES:
            raise TooManyError("more classes of texts than are looked at")
    return tuple(found.values())


def _expected(patterns: tuple[Pattern, ...], state: tuple[int, ...], other: str) -> list[str]:
    """The characters that make a difference in a state, and one that stands for all others."""
    chars = {other}
    for pattern, positions in zip(patterns, state, strict=True):
        for at in _bits(positions):
            if at < len(pattern):
                chars.add(pattern[at] if pattern[at] not in _WILD else ":")
    return sorted(chars)


def _bits(positions: int) -> list[int]:
    found: list[int] = []
    while positions:
        low = positions & -positions
        found.append(low.bit_length() - 1)
        positions ^= low
    return found


def _closed(pattern: Pattern, state: int) -> int:
    """With the positions behind stars, which may stand for nothing."""
    for at in _bits(state):
        while at < len(pattern) and pattern[at] in _STARS:
            at += 1  # noqa: PLW2901 - a run of stars
            state |= 1 << at
    return state


def _step(pattern: Pattern, state: int, char: str) -> int:
    """The positions of a pattern after one more character; a bit for each."""
    after = 0
    for at in _bits(state):
        if at == len(pattern) or (pattern[at] in _IN_PART and char == ":"):
            continue
        if pattern[at] in _STARS:
            after |= 1 << at
        elif pattern[at] == char or pattern[at] in _WILD:
            after |= 2 << at
    return _closed(pattern, after)
