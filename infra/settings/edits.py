"""What-if edits of a stack file: `legacy.sites.singapore.phase=drain`, applied to what was read and never to the file.

A path is written as findings write it, from the deployment value on; a value is written as YAML. Only the last key of a
path may be new, so that a misspelled one is a finding and no new entry. An empty value removes the key.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from infra.residency.findings import Finding, ResidencyError, Rule, join, nearest, visible
from infra.settings.tree import Broken, Entry, Items, Kind, Map, Node, Scalar, parse

_KEY = re.compile(r'"([^"]+)"|([^."=]+)')
_EDIT = re.compile(rf"(?P<path>(?:{_KEY.pattern})(?:\.(?:{_KEY.pattern}))*)=(?P<value>.*)", re.DOTALL)
_INSIDE = ("config", "usdata:deployment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One edit.

    Attributes:
        text: as it was given.
        keys: the path, key by key.
        value: what is to stand there; None to remove it.
    """

    text: str
    keys: tuple[str, ...]
    value: Node | None

    @property
    def path(self) -> str:
        """The path as findings write it."""
        return join("", *self.keys)


def edit(text: str) -> Edit:
    """The edit that a text asks for.

    Raises:
        ResidencyError: it is none, or its value is no YAML of a stack file.
    """
    match = _EDIT.fullmatch(text)
    if match is None:
        fix = "write it like datasets.profiles.shards=2"
        raise ResidencyError([_refused("--what-if", Rule.SYNTAX, visible(text), "PATH=VALUE", fix)])
    keys = [quoted or plain.strip() for quoted, plain in _KEY.findall(match["path"])]
    written = match["value"].strip()
    if not written:
        return Edit(text=text, keys=tuple(keys), value=None)
    value, findings = parse(written.encode())
    path = join("", *keys)
    if value is None or findings:
        raise ResidencyError(replace(finding, path=path, line=None) for finding in findings)
    return Edit(text=text, keys=tuple(keys), value=value)


def apply(root: Node, edits: Sequence[Edit]) -> Node:
    """The tree of a stack file with the edits made, in their order; lines are those of what they stand in for.

    Raises:
        ResidencyError: with every edit whose place is not there.
    """
    findings: list[Finding] = []
    for one in edits:
        try:
            root = _within(root, (*_INSIDE, *one.keys), one, ())
        except ResidencyError as error:
            findings.extend(error.findings)
    if findings:
        raise ResidencyError(findings)
    return root


def _within(node: Node, keys: tuple[str, ...], one: Edit, above: tuple[str, ...]) -> Node:
    """A node in which the value below some keys is another."""
    key, rest = keys[0], keys[1:]
    place = join("", *above[len(_INSIDE) :])
    if not isinstance(node, Map):
        raise ResidencyError(
            [_refused(place, Rule.WRONG_TYPE, f"{one.path}, below a value", "a map", "end the path here")]
        )
    entries, found = dict(node.entries), node.entries.get(key)
    if found is None and (rest or one.value is None):
        raise ResidencyError([_unknown(place, key, rest, node.entries)])
    if rest and found is not None:
        entries[key] = replace(found, value=_within(found.value, rest, one, (*above, key)))
    elif one.value is None:
        del entries[key]
    else:
        line = found.line if found else node.line
        entries[key] = Entry(line=line, value=_at(one.value, line))
    return replace(node, entries=entries)


def _at(node: Node, line: int) -> Node:
    """The same on one line. A date on the command line is a text: no second parser reads it."""
    match node:
        case Map(entries=entries):
            return Map(
                line=line, entries={key: Entry(line=line, value=_at(it.value, line)) for key, it in entries.items()}
            )
        case Scalar(kind=Kind.DATE):
            return replace(node, line=line, kind=Kind.TEXT)
        case Scalar() | Items() | Broken():
            return replace(node, line=line)


def _unknown(place: str, key: str, rest: tuple[str, ...], siblings: Iterable[str]) -> Finding:
    known = list(siblings)
    match = nearest(key, known)
    meant = join(place, match, *rest) if match else ""
    return _refused(
        join(place, key),
        Rule.UNKNOWN_KEY,
        key,
        ", ".join(known),
        f"did you mean {meant}?" if meant else "name one of these; only the last key of a path may be new",
    )


def _refused(path: str, rule: Rule, given: str, allowed: str, fix: str) -> Finding:
    return Finding(path=path, rule=rule, given=given, allowed=allowed, fix=fix)
