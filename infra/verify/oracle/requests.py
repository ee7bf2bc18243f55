"""Single requests to Oracle Cloud against the texts of policies: the slow decider of access there.

It shares no code with `statements` and `access`: a text is read by other means, and requests are made up one by one
from what policies and the stack's configuration name, and from what nobody names. A request that is admitted and must
not be is one by a stranger, from another network, in another region, of another bucket or after the end; or one that
uses a key. A variable that a request does not have makes a comparison false.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Final

from infra.residency.dataset import DataClass
from infra.verify.oracle.access import Declared

_STATEMENT: Final = re.compile(
    r"allow\s+(?P<kind>[\w-]+)\s*(?P<names>.*?)\s+to\s+(?:\{(?P<permissions>[^}]*)\}|(?P<verb>\w+)\s+(?P<resource>[\w-]+))"
    r"\s+in\s+(?P<place>tenancy|compartment\s+\S+)(?:\s+where\s+(?P<condition>.*))?",
    re.IGNORECASE | re.DOTALL,
)
_OBJECTS: Final = ("OBJECT_INSPECT", "OBJECT_READ", "OBJECT_OVERWRITE", "OBJECT_CREATE", "OBJECT_DELETE")
_KEYS: Final = ("KEY_ENCRYPT", "KEY_DECRYPT")
_VERBS: Final = {"inspect": 1, "read": 2, "use": 3, "manage": len(_OBJECTS)}
"""How many of the permissions on objects a verb brings, in their order (Oracle's page "Details for Object Storage")."""

_NOBODYS: Final = "nobodys"
_SOON, _LATE = "2000-01-01T00:00:00Z", "9999-12-31T00:00:00Z"

Request = Mapping[str, str]
"""`kind` and `name` of who asks, `permission`, `place` with colons, and the values of condition variables."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A statement, ready to be asked."""

    kind: str
    names: tuple[str, ...]
    permissions: frozenset[str]
    place: str
    condition: str

    def admits(self, request: Request) -> bool:
        """Whether it allows a request by itself."""
        who = self.kind.startswith("any-") or (request["kind"] == self.kind and request["name"].lower() in self.names)
        below = f"{request['place']}:".startswith(self.place)
        return who and below and request["permission"] in self.permissions and condition_holds(self.condition, request)


def read_statement(text: str) -> re.Match[str] | None:
    """The parts of a statement that allows something, by name; None for one that denies, or that cannot be read."""
    return _STATEMENT.fullmatch(text.strip())


def grant(text: str) -> Grant | None:
    """A statement that allows something; None for one that denies, or that cannot be read."""
    match = read_statement(text)
    if match is None:
        return None
    permissions = [it.strip() for it in (match["permissions"] or "").split(",") if it.strip()]
    verb, resource = (match["verb"] or "").lower(), (match["resource"] or "").lower()
    if resource in {"objects", "object-family", "all-resources"}:
        permissions += _OBJECTS[: _VERBS.get(verb, 0)]
    if resource in {"keys", "key-family", "all-resources"} and verb in {"use", "manage"}:
        permissions += _KEYS
    place = match["place"].split()[1] + ":" if match["place"].lower() != "tenancy" else ""
    names = tuple(name.strip().strip("'").lower() for name in match["names"].split(","))
    return Grant(match["kind"].lower(), names, frozenset(permissions), place, (match["condition"] or "").strip())


def parts(text: str) -> list[str]:
    """What stands between the commas of a list, braces kept whole."""
    parts, depth, start = list[str](), 0, 0
    for at, char in enumerate(text):
        depth += (char == "{") - (char == "}")
        if char == "," and not depth:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]


def condition_holds(condition: str, request: Request) -> bool:
    """Whether the text of a condition holds for a request."""
    condition = condition.strip()
    if not condition:
        return True
    if match := re.fullmatch(r"(all|any)\s*\{(.*)\}", condition, re.IGNORECASE | re.DOTALL):
        each = [condition_holds(part, request) for part in parts(match[2])]
        return all(each) if match[1].lower() == "all" else any(each)
    match = re.fullmatch(r"([\w.-]+)\s*(!=|=|\bbefore\b|\bafter\b)\s*'?([^']*)'?", condition)
    if match is None:
        return True  # what cannot be read narrows nothing
    value, other = request.get(match[1].lower(), "").lower(), match[3].lower()
    if not value:
        return False
    return {"=": value == other, "!=": value != other, "before": value < other, "after": value > other}[match[2]]


def forbidden(request: Request, declared: Declared) -> bool:
    """Whether nobody may be let do this."""
    name, kind = request["name"], request["kind"]
    if kind == "service":
        return name not in {region.facts.storage_service_principal for region in declared.regions}
    elsewhere = request["request.region"] not in {region.facts.key for region in declared.regions}
    if kind != "group" or elsewhere or request["permission"] in _KEYS:
        return True
    if name in declared.emergency and (
        request["permission"] not in _OBJECTS[:2]
        or request["target.bucket.name"] == _NOBODYS
        or request["request.utc-timestamp"] in {_SOON, _LATE}
    ):
        return True
    exports = [it for it in declared.exports if it.group == name]
    if exports:
        ours = [it for it in exports if request["target.bucket.name"] in it.buckets]
        early = any(request["request.utc-timestamp"] < f"{it.until}T00:00:00Z" for it in ours)
        return not early or request["permission"] not in _OBJECTS[:2]
    return request["request.networksource.name"] != declared.groups.get(name)


def requests(each: Grant, declared: Declared) -> Iterator[Request]:
    """What those that a statement names, and strangers, may ask, in every way that makes a difference."""
    named = set(re.findall(r"'([^']*)'", each.condition))
    groups = {name.lower(): name for name in (*declared.groups, *(it.group for it in declared.exports))}
    who = [(each.kind, groups.get(name, name)) for name in each.names] if not each.kind.startswith("any-") else []
    buckets = {bucket for it in declared.exports for bucket in it.buckets} | named | {_NOBODYS}
    regions = {region.facts.key for region in declared.regions} | named | {_NOBODYS}
    networks = {*declared.groups.values(), *named, _NOBODYS}
    for (kind, name), permission, region, network, bucket, time, place in product(
        [*who, ("group", _NOBODYS), ("dynamic-group", _NOBODYS)],
        sorted(each.permissions & {*_OBJECTS, *_KEYS}),
        sorted(regions) if "region" in each.condition.lower() else [_NOBODYS],
        sorted(networks) if "network" in each.condition.lower() else [_NOBODYS],
        sorted(buckets) if "bucket" in each.condition.lower() else [_NOBODYS],
        [_SOON, *sorted(f"{it.until}T00:00:00Z" for it in declared.exports), _LATE],
        [f"{declared.organization}:{it.value}" for it in DataClass if it is not DataClass.PUBLIC],
    ):
        yield {
            "kind": kind, "name": name, "permission": permission, "place": place, "request.permission": permission,
            "request.region": region, "request.networksource.name": network, "target.bucket.name": bucket,
            "request.utc-timestamp": time, "request.operation": "GetObject",
        }  # fmt: skip


def admitted(text: str, declared: Declared) -> Request | None:
    """A request that a statement admits and that nobody may make; None where there is none."""
    return _admitted(text, tuple(declared.groups.items()), declared._replace(groups=()))  # type: ignore[arg-type]


@lru_cache(maxsize=4096)
def _admitted(text: str, groups: tuple[tuple[str, str], ...], others: Declared) -> Request | None:
    """The same of what can be remembered."""
    found, declared = grant(text), others._replace(groups=dict(groups))
    asked = requests(found, declared) if found else ()
    return next((it for it in asked if found and found.admits(it) and forbidden(it, declared)), None)
