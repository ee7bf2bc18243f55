"""The stack file as a tree that keeps lines and duplicate keys, and in which every scalar means one thing.

Two parsers read a stack file: the engine's (Go, closer to YAML 1.2) and Python's (YAML 1.1). They disagree on unquoted
dates, `yes`, `0123`, `1:30`, `1_000` and more, so a plain scalar is sorted here by what it might mean to either of
them, and only a clear text or a clear number goes on. Refused outright: anchors, aliases, tags, merge keys, directives
and a second document, since with them what a person reads is not what a parser sees.

The tree is built from PyYAML's events, not by its composer: nothing is expanded, and depth is bounded.
"""

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, cast

from infra.residency.findings import Finding, Rule, join

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yaml.events import Event, MappingStartEvent, NodeEvent, ScalarEvent

DEPLOYMENT = "config.usdata:deployment"
"""Where the deployment value stands; paths inside it are given from there."""

MOST_BYTES = 1 << 18
_DEEPEST = 16


class Kind(Enum):
    """What a scalar is, to both parsers alike, or how they would differ about it."""

    TEXT = "a text"
    NOTHING = "nothing"
    WHOLE = "a number"
    NUMBER = "a number that is not a whole one"
    BOOLEAN = "a truth value"
    DATE = "a date"
    AMBIGUOUS = "read differently by different parsers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """A single value; `text` as the file has it, without quotes."""

    line: int
    text: str
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """A list. No key of a stack file takes one."""

    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """Something that has been found wrong already, whatever it was meant to be."""

    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A key of a map, where it stands, and its value; `refused` where the key itself has been found wrong already."""

    line: int
    value: "Node"
    refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """A map with its keys in the file's order."""

    line: int
    entries: dict[str, Entry]


Node = Scalar | Items | Map | Broken


def child(path: str, key: str) -> str:
    """The path of an entry; the deployment value is where paths begin anew."""
    return join("" if path == DEPLOYMENT else path, key)


def parse(content: bytes) -> tuple[Node | None, list[Finding]]:
    """The tree of a file, or None where there is none to speak of; and what is wrong with it as YAML."""
    import yaml  # noqa: PLC0415 - a tenth of a second, and only who reads a stack file needs it

    if len(content) > MOST_BYTES:
        return None, [
            Finding(
                path="",
                rule=Rule.LIMIT,
                given=f"{len(content)} bytes",
                allowed=f"at most {MOST_BYTES} bytes",
                fix="cut the stack in two",
                line=1,
            )
        ]
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return None, [_syntax("bytes that are no UTF-8", line)]
    builder = _Builder(cast("Iterator[Event]", cast("Any", yaml).parse(text, Loader=yaml.SafeLoader)))
    try:
        return builder.document(), builder.findings
    except _TooDeepError as error:
        refused = _syntax(f"values inside each other, more than {_DEEPEST} levels deep", error.line)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        refused = _syntax(" ".join(filter(None, (error.context, error.problem))), mark.line + 1 if mark else None)
    except yaml.YAMLError as error:  # characters that YAML does not allow
        position = cast("int", getattr(error, "position", 0))
        refused = _syntax(str(error).splitlines()[0], text.count("\n", 0, position) + 1)
    except (ValueError, OverflowError) as error:  # escapes of characters that do not exist
        refused = _syntax(str(error), None)
    return None, [*builder.findings, refused]


def _syntax(given: str, line: int | None) -> Finding:
    return Finding(
        path="",
        rule=Rule.SYNTAX,
        given=given,
        allowed="a YAML file in UTF-8",
        fix="mend the line, or the one before it",
        line=line,
    )


class _TooDeepError(Exception):
    """The file nests deeper than any stack file does."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class _Builder:
    """Builds the tree from events, collecting what is wrong."""

    def __init__(self, events: "Iterator[Event]") -> None:
        self.findings: list[Finding] = []
        self._events = events

    def document(self) -> Node | None:
        """The file's only document; None where the file is empty."""
        from yaml.events import DocumentStartEvent  # noqa: PLC0415 - as `yaml` itself

        root: Node | None = None
        for event in self._events:
            if not isinstance(event, DocumentStartEvent):
                continue
            if event.version or event.tags:
                self._refuse("", "a directive (a line that begins with %)", "remove it", _line(event))
            if root is not None:
                self._refuse("", "a second document", "keep one document, and remove the line ---", _line(event))
            node = self._node(next(self._events), "", 0)
            root = root or node
        return root

    def _refuse(self, path: str, given: str, fix: str, line: int) -> None:
        self.findings.append(
            Finding(
                path=path,
                rule=Rule.AMBIGUOUS_SCALAR,
                given=given,
                allowed="plain maps, texts and numbers",
                why="what a person reads must be what every parser sees",
                fix=fix,
                line=line,
            )
        )

    def _node(self, event: "Event", path: str, depth: int) -> Node:
        from yaml.events import (  # noqa: PLC0415 - as `yaml` itself
            AliasEvent,
            MappingStartEvent,
            ScalarEvent,
            SequenceStartEvent,
        )

        line = _line(event)
        if depth > _DEEPEST:
            raise _TooDeepError(line)
        if isinstance(event, AliasEvent):
            self._refuse(path, f"*{event.anchor}, an alias", "write the value out", line)
            return Broken(line=line)
        refused = self._refuse_properties(cast("NodeEvent", event), path, line)
        match event:
            case MappingStartEvent():
                node = self._map(event, path, depth)
            case SequenceStartEvent():
                self._skip(event)
                node = Items(line=line)
            case ScalarEvent():
                node = _scalar(event)
            case _:  # pragma: no cover - the parser yields no other event where a node is due
                node = Broken(line=line)
        return Broken(line=line) if refused else node

    def _refuse_properties(self, event: "NodeEvent", path: str, line: int) -> bool:
        """Refuses an anchor and a tag; whether there was one."""
        tag = cast("str | None", getattr(event, "tag", None))
        if event.anchor is not None:
            self._refuse(
                path, f"&{event.anchor}, an anchor", "remove it, and write the value out where it is used", line
            )
        if tag is not None:
            self._refuse(path, f"{tag}, a tag", "remove it, and write the value as a text or a number", line)
        return event.anchor is not None or tag is not None

    def _map(self, start: "MappingStartEvent", path: str, depth: int) -> Node:
        from yaml.events import MappingEndEvent  # noqa: PLC0415 - as `yaml` itself

        entries: dict[str, Entry] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            line = _line(event)
            key, refused = self._key(event, path, depth)
            here = child(path, key)
            value = self._node(next(self._events), here, depth + 1)
            if key in entries:
                self.findings.append(
                    Finding(
                        path=here,
                        rule=Rule.DUPLICATE_KEY,
                        given=f"{key} twice: lines {entries[key].line} and {line}",
                        allowed="each key once",
                        why="of two values one parser takes the last, and the other refuses the file",
                        fix="remove one of them",
                        line=line,
                    )
                )
                value = Broken(line=line)
            entries[key] = Entry(line=line, value=Broken(line=line) if refused else value, refused=refused)
        return Map(line=_line(start), entries=entries)

    def _key(self, event: "Event", path: str, depth: int) -> tuple[str, bool]:
        """The text of a key, and whether it is refused."""
        from yaml.events import ScalarEvent  # noqa: PLC0415 - as `yaml` itself

        node = self._node(event, path, depth + 1)
        if not isinstance(event, ScalarEvent):
            self._refuse(path, "a key that is not a text", "use plain texts as keys", node.line)
            return f"(line {node.line})", True
        text = cast("str", event.value)
        match node:
            case Scalar(kind=Kind.TEXT):
                return text, False
            case Scalar(kind=kind):
                fix = "write the map out" if text == "<<" else f'write "{text}", in quotes'
                self._refuse(child(path, text), f"the key {text or '(empty)'}, {kind.value}", fix, node.line)
            case _:  # refused for its anchor or tag
                pass
        return text, True

    def _skip(self, event: "Event") -> None:
        """Passes over all events of a node."""
        from yaml.events import CollectionEndEvent, CollectionStartEvent  # noqa: PLC0415 - as `yaml` itself

        depth = isinstance(event, CollectionStartEvent)
        while depth:
            event = next(self._events)
            depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)


def _line(event: "Event") -> int:
    return cast("Any", event).start_mark.line + 1


_NULL = re.compile(r"~|null|Null|NULL")
_BOOLEAN = re.compile(r"true|True|TRUE|false|False|FALSE")
_OTHER_BOOLEAN = re.compile(r"y|n|yes|no|on|off", re.IGNORECASE)
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,14})")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt\s].*)?")
_NUMBERLIKE = re.compile(
    r"[-+]?(?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+"
    r"|[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"
    r"|(?:[0-9][0-9_,]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?"
    r"|\.(?:inf|nan))",
    re.IGNORECASE,
)


def _scalar(event: "ScalarEvent") -> Scalar:
    text = cast("str", event.value)
    return Scalar(
        line=_line(event), text=text, kind=_kind(text) if cast("str | None", event.style) is None else Kind.TEXT
    )


def _kind(text: str) -> Kind:
    """What an unquoted scalar is."""
    kinds = (
        (text == "", Kind.NOTHING),
        (_BOOLEAN.fullmatch(text), Kind.BOOLEAN),
        (_WHOLE.fullmatch(text), Kind.WHOLE),
        (_DECIMAL.fullmatch(text), Kind.NUMBER),
        (_DATE.fullmatch(text), Kind.DATE),
        (_NULL.fullmatch(text) or _OTHER_BOOLEAN.fullmatch(text), Kind.AMBIGUOUS),
        (_NUMBERLIKE.fullmatch(text) or text in {"<<", "="}, Kind.AMBIGUOUS),
    )
    return next((kind for matches, kind in kinds if matches), Kind.TEXT)
