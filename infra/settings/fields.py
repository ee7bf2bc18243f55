"""The fields of a stack file's maps, read as what they should be: maps, texts, whole numbers, flags.

Whatever is not in shape is reported, and an empty value stands where nothing could be read, so that what can be judged
is judged all the same. `broken` holds the paths of those places: a judgement that rests on one is worth nothing.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from infra.residency.findings import Finding, Refusal, Rule, did_you_mean, nearest
from infra.settings.tree import DEPLOYMENT, Broken, Entry, Items, Kind, Map, Node, Scalar, child

_REFUSED_ELSEWHERE = {
    "environment": "an imported environment could change what this file says from outside",
    "pulumi:disable-default-providers": "a stack that overrides it could take a provider from the environment",
}
"""Keys that Pulumi knows and this project refuses, and why."""

_CIPHERTEXT = re.compile(r"v1:[A-Za-z0-9+/]{8,64}={0,2}:[A-Za-z0-9+/]{16,8192}={0,2}")
"""What the passphrase provider writes: version, nonce and ciphertext."""

_PARSERS = "the two YAML parsers that read this file take it for different values"
_SCALAR_RULES = {Kind.DATE: Rule.UNQUOTED_DATE, Kind.AMBIGUOUS: Rule.AMBIGUOUS_SCALAR}


@dataclass(slots=True)
class FieldReader:
    """Reads nodes as what they should be.

    Attributes:
        findings: what is not in shape, in the order of reading.
        broken: paths of values that could not be read.
        lines: 1-based line of each path's key.
    """

    findings: list[Finding] = field(default_factory=list[Finding])
    broken: set[str] = field(default_factory=set[str])
    lines: dict[str, int] = field(default_factory=dict[str, int])

    def _texts(self, node: Node, path: str) -> dict[str, str]:
        """A map of texts with keys of the user's own."""
        nodes = {key: entry.value for key, entry in self._entries(node, path).items()}
        return {key: self._text(nodes, path, key) for key in nodes}

    def _map_in(self, fields: dict[str, Node], path: str, key: str) -> dict[str, Node]:
        """The values of an optional map with keys of the user's own."""
        if key not in fields:
            return {}
        return {name: entry.value for name, entry in self._entries(fields[key], child(path, key)).items()}

    def _fields(
        self, node: Node, path: str, *, required: tuple[str, ...] = (), optional: tuple[str, ...] = ()
    ) -> dict[str, Node]:
        """The values of a map with fixed keys: all required ones, and the optional ones that are there."""
        entries = self._entries(node, path)
        known = (*required, *optional)
        free = [name for name in known if name not in entries]
        fields: dict[str, Node] = {key: entry.value for key, entry in entries.items() if key in known}
        for key, entry in entries.items():
            if key in known or entry.refused:
                continue
            unknown = Refusal(
                given=key,
                allowed=", ".join(known),
                why=_REFUSED_ELSEWHERE.get(key, ""),
                fix=did_you_mean(key, free, "remove it"),
            )
            self._report(unknown.at(child(path, key), Rule.UNKNOWN_KEY), entry.line)
            meant = nearest(key, free)
            if meant is not None:
                fields.setdefault(meant, Broken(line=entry.line))
        unreadable = covered(path, self.broken) or any(entry.refused for entry in entries.values())
        around = self.lines.get(path, node.line)
        for key in required:
            if key not in fields and not unreadable:
                missing = Refusal(given="nothing", allowed=f"the key {key}", fix=f"add {key}: …")
                self._report(missing.at(child(path, key), Rule.MISSING_KEY), around)
            fields.setdefault(key, Broken(line=node.line))
        return fields

    def _entries(self, node: Node, path: str) -> dict[str, Entry]:
        """The entries of a map; none, and a finding, where it is no map or an empty one."""
        match node:
            case Map(entries=entries) if entries:
                self.lines.update({child(path, key): entry.line for key, entry in entries.items()})
                return entries
            case Map():
                empty = Refusal(given="an empty map", allowed="at least one entry", fix="add one, or remove the key")
                self._unreadable(empty.at(path, Rule.EMPTY_MAP), node)
            case Items():
                items = Refusal(
                    given="a list",
                    allowed="a map",
                    why="an entry is known by its name, which stays when another comes or goes",
                    fix="write name: value for each entry",
                )
                self._unreadable(items.at(path, Rule.WRONG_TYPE), node)
            case Scalar():
                scalar = Refusal(given=_given(node), allowed="a map", fix="write key: value lines below it")
                self._unreadable(scalar.at(path, Rule.WRONG_TYPE), node)
            case Broken():
                self.broken.add(path)
        return {}

    def _optional_text(self, fields: dict[str, Node], path: str, key: str) -> str | None:
        return self._text(fields, path, key) if key in fields else None

    def _text(self, fields: dict[str, Node], path: str, key: str) -> str:
        node, here = fields[key], child(path, key)
        match node:
            case Scalar(kind=Kind.TEXT, text=text):
                return text
            case Scalar(kind=kind, text=text):
                scalar = Refusal(
                    given=_given(node),
                    allowed="a date in quotes" if kind is Kind.DATE else "a text",
                    why=_PARSERS if kind in _SCALAR_RULES else "",
                    fix=f'write "{text}", in quotes' if text else "write its value",
                )
                self._unreadable(scalar.at(here, _SCALAR_RULES.get(kind, Rule.WRONG_TYPE)), node)
            case Map() | Items():
                value = Refusal(given=_given(node), allowed="a text", fix="write its value")
                self._unreadable(value.at(here, Rule.WRONG_TYPE), node)
            case Broken():
                self.broken.add(here)
        return ""

    def _encrypted(self, node: Node, path: str, *, salted: bool) -> None:
        """Refuses a secret that anyone could read, or nobody open, without saying what stands there."""
        inner = node.entries.get("secure") if isinstance(node, Map) and len(node.entries) == 1 else None
        text = inner.value.text if inner is not None and isinstance(inner.value, Scalar) else ""
        if isinstance(node, Broken):
            self.broken.add(path)
        elif not _CIPHERTEXT.fullmatch(text):
            plain = Refusal(
                given="something else than an encrypted value (it is not shown)",
                allowed="secure: v1:… and nothing beside it",
                why="whoever reads this file would have the secret, and it is in its history for good",
                fix="write what python -m infra.deploy seal prints; replace, where it is made, what stood here",
            )
            self._unreadable(plain.at(path, Rule.SECRET), node)
        elif not salted:
            salt = Refusal(
                given="a secret, and no encryptionsalt",
                allowed="the salt that the stack's passphrase was used with, at the end of the file",
                why="without it nobody can open the secret, and pulumi would write another one",
                fix="put the line back, or set the secret anew (docs/deploy.md)",
            )
            self._report(salt.at(path, Rule.SECRET), node.line)

    def _whole(self, fields: dict[str, Node], path: str, key: str) -> int:
        node, here = fields[key], child(path, key)
        match node:
            case Scalar(kind=Kind.WHOLE, text=text):
                return int(text)
            case Scalar(kind=Kind.AMBIGUOUS):
                scalar = Refusal(given=_given(node), allowed="a whole number", why=_PARSERS, fix="write it like 4")
                self._unreadable(scalar.at(here, Rule.AMBIGUOUS_SCALAR), node)
            case Scalar() | Map() | Items():
                value = Refusal(given=_given(node), allowed="a whole number, not in quotes", fix="write it like 4")
                self._unreadable(value.at(here, Rule.WRONG_TYPE), node)
            case Broken():
                self.broken.add(here)
        return 1

    def _whole_or(self, fields: dict[str, Node], path: str, key: str, otherwise: int) -> int:
        return self._whole(fields, path, key) if key in fields else otherwise

    def _flag(self, fields: dict[str, Node], path: str, key: str) -> bool:
        node, here = fields[key], child(path, key)
        match node:
            case Scalar(kind=Kind.BOOLEAN, text=text):
                return text.lower() == "true"
            case Scalar() | Map() | Items():
                value = Refusal(given=_given(node), allowed="true or false, not in quotes", fix="write true or false")
                self._unreadable(value.at(here, Rule.WRONG_TYPE), node)
            case Broken():
                self.broken.add(here)
        return False

    def _unreadable(self, finding: Finding, node: Node) -> None:
        """Reports a value that cannot be read."""
        self.broken.add(finding.path)
        self._report(finding, node.line)

    def _report(self, finding: Finding, line: int) -> None:
        """Reports with the line of the key where there is one, since a value may begin below it."""
        self.findings.append(replace(finding, line=self.lines.get(finding.path, line)))


def covered(path: str, broken: Iterable[str]) -> bool:
    """Whether a path is one of the broken ones, or lies inside one."""
    return any(place in {path, DEPLOYMENT, "config", ""} or path.startswith(f"{place}.") for place in broken)


def _given(node: Scalar | Map | Items) -> str:
    match node:
        case Scalar(kind=Kind.TEXT, text=text):
            return f"{text or 'an empty text'}, a text"
        case Scalar(kind=Kind.NOTHING):
            return Kind.NOTHING.value
        case Scalar(kind=kind, text=text):
            return f"{text}, {kind.value}"
        case Items():
            return "a list"
        case Map():
            return "a map"
