"""Single requests to Oracle Cloud against the texts of policies: the slow decider of access there.

It shares tables with `access`, and no rule: a text is read by other means, and requests are made up one by one from
what a statement names, and from what nobody names. A request that is admitted and must not be is one by a stranger,
from another network, in another region, of another bucket or after the end; one for what nobody is granted; or one that
uses a key. A variable that a request does not have makes a comparison false; one that has several values at once, as an
address has that is in two networks, makes any true.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import product
from typing import Final, NamedTuple

from infra.residency.dataset import DataClass
from infra.verify.oracle.access import Declared
from infra.verify.oracle.granted import CALLS, CHANGE, CHANGES_KEYS, CHANGES_LOGS, DELIVERS, FAMILIES, PERMISSIONS

_STATEMENT: Final = re.compile(
    r"(?P<effect>allow|deny)\s+(?P<kind>[\w-]+)\s*(?P<names>.*?)\s+to"
    r"(?:\s*\{(?P<permissions>[^}]*)\}\s*|\s+(?P<verb>\w+)\s+(?P<resource>[\w-]+)\s+)"
    r"in\s+(?P<place>tenancy|compartment\s+[^\s={},'!]+)(?:\s+where\s+(?P<condition>.*))?",
    re.IGNORECASE | re.DOTALL,
)
_COMPARISON: Final = re.compile(r"([\w.-]+)\s*(!=|=|\bbefore\b|\bafter\b)\s*('[^']*'|[^\s,{}']+)", re.IGNORECASE)
_SEVERAL_OF: Final = re.compile(r"(all|any)\s*\{(.*)\}", re.IGNORECASE | re.DOTALL)
_NAME: Final = re.compile(r"('?)[\w.@-]+\1(\s*/\s*('?)[\w.@-]+\3)*")
_VALUE: Final = re.compile(r"'[ !-)+-~]+'|[\w:/-]+", re.ASCII)
_MOMENT: Final = re.compile(r"\d{4}(-\d\d){2}T\d\d(:\d\d){2}Z", re.ASCII | re.IGNORECASE)
_OBJECTS: Final = ("OBJECT_INSPECT", "OBJECT_READ", "OBJECT_OVERWRITE", "OBJECT_CREATE", "OBJECT_DELETE")
_KEYS: Final = ("KEY_ENCRYPT", "KEY_DECRYPT")
_VERBS: Final = {"inspect": 1, "read": 2, "use": 3, "manage": len(_OBJECTS)}
"""How many of the permissions on objects a verb brings, in their order (Oracle's page "Details for Object Storage")."""
_NAMED: Final = frozenset({"group", "dynamic-group", "service"})
_OPENS: Final = frozenset({"objects", "object-family", "buckets", "keys", "vaults"})
"""Of these families managing brings pre-authenticated requests, or export and replication of keys."""

COMPARTMENTS: Final = ("protected", "excepted", "public", "keys", "network", "edge", "audit", "")
"""Every compartment inside the organization's own, and the tenancy around them."""
_PRIVATE: Final = tuple(it.value for it in DataClass if it is not DataClass.PUBLIC)

NOBODYS: Final = "nobodys"
SEVERAL: Final = "*"
"""Values of one variable, all at once: by itself it is forbidden nobody, since each of them is tried alone."""
_SOON, _LATE = "2000-01-01T00:00:00Z", "9999-12-31T00:00:00Z"
_PERMISSION, _CALL, _NETWORK, _REGION, _BUCKET, _TIME, _TYPE = (
    "request.permission", "request.operation", "request.networksource.name", "request.region", "target.bucket.name",
    "request.utc-timestamp", "request.principal.type",
)  # fmt: skip

Request = Mapping[str, str]
"""`kind` and `name` of who asks, the `thing` asked for, `place` with colons, and the values of condition variables."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A statement, ready to be asked.

    Attributes:
        kind: Of those that it is about.
        names: Theirs; of anybody a stranger's.
        things: Permissions, or a verb with a family.
        place: With colons, and one at its end; empty is the tenancy.
        condition: Its text.
    """

    kind: str
    names: tuple[str, ...]
    things: tuple[str, ...]
    place: str
    condition: str


def read_statement(text: str) -> re.Match[str] | None:
    """The parts of a statement that allows something, by name; None for one that denies, or that cannot be read."""
    match = _STATEMENT.fullmatch(text.strip())
    return match if match is not None and match["effect"].lower() == "allow" else None


@lru_cache(maxsize=4096)
def is_readable(text: str) -> bool:
    """Whether all of a statement, of which nothing is a pattern or an identifier, can be read."""
    match = _STATEMENT.fullmatch(text.strip())
    if match is None or match["place"].split()[1:] == ["id"]:
        return False
    kind, names = match["kind"].lower(), match["names"].strip()
    subject = not names if kind in {"any-user", "any-group"} else kind in _NAMED and _are_names(names)
    listed, verb = match["permissions"], (match["verb"] or "").lower()
    thing = verb in _VERBS if listed is None else _are_names(listed)
    return subject and thing and (match["condition"] is None or _is_condition(match["condition"]))


def _are_names(text: str) -> bool:
    each = [it.strip() for it in text.split(",")]
    return all(_NAME.fullmatch(it) and it.strip("'").lower() != "id" for it in each)


def _is_condition(text: str) -> bool:
    """Whether a condition is comparisons with plain texts, of moments by what comes before and after."""
    if match := _SEVERAL_OF.fullmatch(text.strip()):
        return all(map(_is_condition, parts(match[2])))
    match = _COMPARISON.fullmatch(text.strip())
    if match is None or not _VALUE.fullmatch(match[3]):
        return False
    if match[2] in {"=", "!="}:
        return match[1].lower() != _TIME
    return match[1].lower() == _TIME and _is_moment(match[3].strip("'"))


def _is_moment(text: str) -> bool:
    try:
        return bool(_MOMENT.fullmatch(text) and datetime.fromisoformat(text.upper()))
    except ValueError:
        return False


@lru_cache(maxsize=4096)
def grant(text: str) -> Grant | None:
    """A statement that allows something; None for one that denies, or that cannot be read."""
    match = read_statement(text)
    if match is None:
        return None
    things = [_plain(it) for it in (match["permissions"] or "").split(",") if it.strip()]
    if not things:
        things = [f"{match['verb']} {match['resource']}".lower()]
    place = match["place"].split()[1] + ":" if match["place"].lower() != "tenancy" else ""
    names = [_plain(it) for it in match["names"].split(",")] if match["names"].strip() else [NOBODYS]
    return Grant(match["kind"].lower(), tuple(names), tuple(things), place, (match["condition"] or "").strip())


def _plain(name: str) -> str:
    """A name without quotes, and without the identity domain that is meant where none is named."""
    name = "".join(name.replace("'", "").split())
    return name[len("default/") :] if name.lower().startswith("default/") else name


def parts(text: str) -> list[str]:
    """What stands between the commas of a list, braces and quoted texts kept whole."""
    parts, depth, start, quoted = list[str](), 0, 0, False
    for at, char in enumerate(text):
        quoted ^= char == "'"
        depth += 0 if quoted else (char == "{") - (char == "}")
        if char == "," and not depth and not quoted:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]


def condition_holds(condition: str, request: Request) -> bool:
    """Whether the text of a condition holds for a request."""
    condition = condition.strip()
    if not condition:
        return True
    if match := _SEVERAL_OF.fullmatch(condition):
        each = [condition_holds(part, request) for part in parts(match[2])]
        return all(each) if match[1].lower() == "all" else any(each)
    match = _COMPARISON.fullmatch(condition)
    if match is None:
        return True  # what cannot be read narrows nothing
    value, other = request.get(match[1].lower(), "").lower(), match[3].strip("'").lower()
    if value in {"", SEVERAL}:
        return value == SEVERAL
    return {"=": value == other, "!=": value != other, "before": value < other, "after": value > other}[
        match[2].lower()
    ]


class Asked(NamedTuple):
    """What came of asking one statement for everything that it could give.

    Attributes:
        kind: Of those that it is about.
        names: Theirs.
        place: As it is written.
        forbidden: Whether somebody is let do what nobody may.
        calls: By which calls anything is let through.
        touches: Whether objects of private data are reached by calls that read or write.
        changes: Whether something that guards data can be changed.
    """

    kind: str
    names: tuple[str, ...]
    place: str
    forbidden: bool
    calls: frozenset[str]
    touches: bool
    changes: bool


def asked(text: str, declared: Declared) -> Asked | None:
    """What a statement gives; None for one that denies, or that cannot be read."""
    return _asked(text, tuple(declared.groups.items()), declared._replace(groups=()))  # type: ignore[arg-type]


@lru_cache(maxsize=4096)
def _asked(text: str, groups: tuple[tuple[str, str], ...], others: Declared) -> Asked | None:
    """The same of what can be remembered."""
    found, declared = grant(text), others._replace(groups=dict(groups))
    if found is None:
        return None
    tried = list(requests(found, declared))
    at_work = [it for it in tried if not _only_creates(it)]
    return Asked(
        kind=found.kind,
        names=found.names,
        place=found.place.removesuffix(":"),
        forbidden=not all(map(_is_known, found.things))
        or any(forbidden(it, declared) for it in tried)
        or bool(declared.emergency.intersection(found.names) and _takes_a_day(tried)),
        calls=frozenset(it[_CALL] for it in tried),
        touches=any(_used(it) in _OBJECTS and it["place"].split(":")[-1] in _PRIVATE for it in at_work),
        changes=any(_changes(it["thing"]) for it in at_work),
    )


def requests(each: Grant, declared: Declared) -> Iterator[Request]:
    """What those that a statement names may ask, in every way that makes a difference, and are let."""
    own = declared.organization
    places = [*(f"{own}:{it}".removesuffix(":") for it in COMPARTMENTS), NOBODYS]
    below = [it for it in places if f"{it}:".startswith(each.place)] or [each.place.removesuffix(":")]
    values = _values(each.condition, declared)
    for thing in each.things:
        here = {**values, _PERMISSION: _permissions(thing, values[_PERMISSION])}
        for given in product(*here.values()):
            said = dict(zip(here, given, strict=True))
            if condition_holds(each.condition, said):
                for name, place in product(each.names, below):
                    yield {**said, "kind": each.kind, "name": name, "thing": thing, "place": place}


def _values(condition: str, declared: Declared) -> dict[str, list[str]]:
    """For each variable the values that a condition names, and one that nobody names; of time those around each."""
    found: dict[str, set[str]] = {it: set() for it in (_PERMISSION, _CALL, _NETWORK, _REGION, _BUCKET, _TIME, _TYPE)}
    for variable, _, value in _COMPARISON.findall(condition):
        found.setdefault(variable.lower(), set()).add(value.strip("'").lower())
    moments = {moment for it in found.pop(_TIME) for moment in _around(it.upper())}
    ends = [f"{it.until}T00:00:00Z" for it in declared.exports]
    times = [_SOON, *sorted(moments.union(ends)), _LATE, SEVERAL] if moments else [_LATE]
    return {**{name: [NOBODYS, *sorted(it), SEVERAL] if it else [NOBODYS] for name, it in found.items()}, _TIME: times}


def _around(moment: str) -> Iterator[str]:
    """A moment, with the seconds before and after it."""
    yield moment
    at = datetime.fromisoformat(moment)
    for second in (timedelta(seconds=-1), timedelta(seconds=1)):
        if at.year not in {1, 9999}:  # no calendar goes beyond those
            yield (at + second).strftime("%Y-%m-%dT%H:%M:%SZ")


def _permissions(thing: str, named: list[str]) -> list[str]:
    """What a request for a thing may need: of a verb whatever it brings, what is named, and what nobody names."""
    more = [SEVERAL] if SEVERAL in named else []
    return sorted({*_brought(thing), *(it.upper() for it in named)}) if " " in thing else [thing, *more]


def _brought(thing: str) -> tuple[str, ...]:
    """The permissions on objects, and to use keys, that a permission or a verb with a family brings."""
    verb, _, family = thing.partition(" ")
    if not family:
        return (thing,)
    objects = _OBJECTS[: _VERBS.get(verb, 0)] if family in {"objects", "object-family", "all-resources"} else ()
    uses = verb in {"use", "manage"} and family in {"keys", "key-family", "all-resources"}
    return (*objects, *(_KEYS if uses else ()))


def _used(request: Request) -> str:
    """What of objects and keys a request makes use of; empty where it is for a call that only creates, or for else."""
    permission = request[_PERMISSION]
    return permission if permission in _brought(request["thing"]) and not _only_creates(request) else ""


def _only_creates(request: Request) -> bool:
    return request[_CALL] in {*CALLS, SEVERAL}


def _is_known(thing: str) -> bool:
    """Whether anybody is granted a permission or a family."""
    _, _, family = thing.partition(" ")
    return family in FAMILIES if family else thing in PERMISSIONS


def forbidden(request: Request, declared: Declared) -> bool:
    """Whether nobody may be let do this."""
    kind, used = request["kind"], _used(request)
    if request["place"] == NOBODYS and used in (*_OBJECTS, *_KEYS):
        return True
    if kind == "service":
        known = {region.facts.storage_service_principal for region in declared.regions}
        return request["name"] not in known or _serves_more(request)
    verb, _, family = request["thing"].partition(" ")
    if verb == "manage" and family in _OPENS:
        return True
    if kind == "any-user":
        return not _delivers(request, declared)
    elsewhere = request[_REGION] not in {SEVERAL, *(region.facts.key for region in declared.regions)}
    return kind != "group" or elsewhere or used in _KEYS or _strays(request, declared)


def _serves_more(request: Request) -> bool:
    """Whether a service may do something with anything but objects, buckets and, short of managing them, keys."""
    verb, _, family = request["thing"].partition(" ")
    if not family:
        return verb.split("_")[0] not in {"OBJECT", "BUCKET", "KEY"}
    if family in {"objects", "object-family", "buckets"}:
        return request[_PERMISSION] not in {SEVERAL, *PERMISSIONS}
    return family != "keys" or verb == "manage"


def _delivers(request: Request, declared: Declared) -> bool:
    """Whether that is a connector of the one compartment that sends, which puts logs into a bucket of the trail."""
    return (
        request[_TYPE] in {"serviceconnector", SEVERAL}
        and request[_BUCKET] in {SEVERAL, *declared.audit_buckets}
        and request.get(f"request.principal.compartment.tag.{declared.organization}.sends".lower()) in {"logs", SEVERAL}
        and request["thing"] in DELIVERS
        and request["place"] == f"{declared.organization}:audit"
    )


def _strays(request: Request, declared: Declared) -> bool:
    """Whether a group does what it was not declared to do, from where, and until when."""
    name, thing = request["name"], request["thing"]
    if name in declared.emergency and (
        thing not in _OBJECTS[:2] or request[_BUCKET] == NOBODYS or request[_TIME] in {_SOON, _LATE}
    ):
        return True
    exports = [it for it in declared.exports if it.group.lower() == name.lower()]
    if exports:
        ours = [it for it in exports if request[_BUCKET] in {SEVERAL, *it.buckets}]
        early = any(request[_TIME] == SEVERAL or request[_TIME] < f"{it.until}T00:00:00Z" for it in ours)
        return not early or thing not in {*_OBJECTS[:2], "inspect objects", "read objects"}
    return name not in declared.groups or request[_NETWORK] not in {SEVERAL, declared.groups[name].lower()}


def _takes_a_day(tried: list[Request]) -> bool:
    """Whether something can be done at moments that are a day apart."""
    moments = sorted(datetime.fromisoformat(it[_TIME]) for it in tried if it[_TIME] != SEVERAL)
    return bool(moments) and moments[-1] - moments[0] >= timedelta(days=1)


def _changes(thing: str) -> bool:
    """Whether a thing changes what guards data: keys, logs, policies, networks, who is a member."""
    verb, _, family = thing.partition(" ")
    if not family:
        return thing in CHANGES_KEYS | CHANGES_LOGS
    return (verb == "manage" and family in {"keys", "vaults"}) or (verb in {"use", "manage"} and family in CHANGE)
