"""Reviews for tests: a small one with every part, one whose every text is hostile, and one of any size."""

from dataclasses import fields, is_dataclass, replace
from enum import Enum

from infra.evidence.review import (
    Answer,
    Answers,
    Band,
    Change,
    Column,
    Count,
    Flow,
    Kind,
    Meaning,
    Place,
    Reach,
    Refusal,
    Review,
    Row,
    Station,
    Term,
    Theorem,
    Verdict,
    Word,
)

HOSTILE = (
    '"><script>window.hacked=1</script>',
    "</script><script>window.hacked=1</script><!--",
    "<img src=x onerror=window.hacked=1>",
    "'--><svg onload=window.hacked=1>",
    "{{ 7*7 }}{% raw %}${7*7}javascript:window.hacked=1",
    "]]>&lt;b&gt;\u2028`x`",
)
"""Names that end a text, an attribute, a comment, a block or a template, if nothing is escaped."""

_PLACES = (
    Place(id="people", column=Column.PEOPLE, title="Who asks", notes=("users",)),
    Place(id="iad", column=Column.ORACLE, title="Ashburn", notes=("us-ashburn-1, primary", "data at home")),
    Place(id="phx", column=Column.ORACLE, title="Phoenix", notes=("us-phoenix-1, standby", "data at home")),
    Place(id="sin", column=Column.LEGACY, title="Singapore", notes=("singapore", "phase backup")),
)


def _station(name, place, band, lane="", change=Change.KEPT):
    return Station(
        id=name, place=place, band=band, lane=lane or name, title=name, note=f"note of {name}", change=change
    )


_STATIONS = (
    _station("api", "people", Band.ANSWERS, change=Change.NEW),
    _station("operators", "people", Band.ACCESS),
    _station("edge-iad", "iad", Band.ANSWERS),
    _station("edge-phx", "phx", Band.ANSWERS),
    *(
        _station(f"{name}-{place}", place, Band.DATA, name)
        for place in ("iad", "phx", "sin")
        for name in ("chats", "films")
    ),
    _station("key-iad", "iad", Band.KEYS, "key"),
    _station("door-iad", "iad", Band.ACCESS),
    _station("door-sin", "sin", Band.ACCESS),
)


def _flow(kind, source, target, change=Change.KEPT, *, refused=False):
    return Flow(
        id=f"{source}>{target}",
        kind=kind,
        source=source,
        target=target,
        text=f"{source} goes to {target}",
        why="T2 copies: it may",
        where=("stacks/Pulumi.sandbox.yaml:7",),
        weight=2,
        change=change,
        refused=refused,
    )


_FLOWS = (
    _flow(Kind.TRAFFIC, "api", "edge-iad", Change.NEW),
    _flow(Kind.TRAFFIC, "api", "edge-phx"),
    *(_flow(Kind.COPY, f"{name}-iad", f"{name}-phx") for name in ("chats", "films")),
    *(_flow(Kind.COPY, f"{name}-iad", f"{name}-sin") for name in ("chats", "films")),
    _flow(Kind.KEY, "key-iad", "chats-iad"),
    _flow(Kind.GRANT, "operators", "door-iad"),
    _flow(Kind.GRANT, "operators", "door-sin"),
)

SMALL = Review(
    stack="sandbox",
    as_of="2026-11-23",
    basis="embedded engine, no cloud asked, against an empty state",
    verdict=Verdict(
        word=Word.PROVED,
        summary="2 of 2 theorems",
        theorems=(
            Theorem(id="T1", title="storage", word=Word.PROVED, says="every holder is at home", because="4 holders"),
            Theorem(id="T2", title="copies", word=Word.PROVED, says="no copy leaves", because="4 flows"),
        ),
        assumptions=("administrators are sealed",),
        certificate="sha256:12ab",
    ),
    counts=(Count(mark="+", number=2, word="create"), Count(mark="-", number=0, word="delete")),
    unchanged=3,
    meaning=(
        Meaning(topic="Data", mark="+", text="dataset chats (protected)"),
        Meaning(topic="Data", mark="~", text="dataset films: ~ 1 bucket"),
        Meaning(topic="Access", mark="+", text="duties: operators"),
    ),
    answers=(
        Answers(
            hostname="api.us.example.com",
            types=("A", "AAAA"),
            rows=(Answer(who="everyone", health="all healthy", before="no such name", after="us-ashburn-1"),),
            note="A policy is replaced.",
        ),
    ),
    places=_PLACES,
    stations=_STATIONS,
    flows=_FLOWS,
    terms=(
        Term(
            subject="singapore",
            text="Singapore",
            ends="2027-03-31",
            days=128,
            phases=("backup", "drain", "wipe", "closed"),
            phase="drain",
            before="backup",
            notes=("a note",),
        ),
        Term(subject="films", text="exception: planning", ends="2027-06-30", days=219),
        Term(
            subject="virginia",
            text="Virginia",
            ends="",
            days=0,
            phases=("backup", "drain", "wipe", "closed"),
            phase="closed",
        ),
    ),
    reach=(
        Reach(
            who="group operators",
            datasets=("chats", "films"),
            may="list, read",
            places="us-ashburn-1",
            network="office",
            until="",
            where="stacks/Pulumi.sandbox.yaml:9",
            by=("Allow group operators to read",),
            change=Change.NEW,
        ),
        Reach(
            who="anyone",
            datasets=("films",),
            may="read",
            places="us-ashburn-1",
            network="anywhere",
            until="2027-06-30",
            where="stacks/Pulumi.sandbox.yaml:8",
            by=("accessType",),
            change=Change.KEPT,
        ),
    ),
    widened=("group operators may read chats",),
    withdrawn=("Allow group former to read",),
    resources=(
        Row(op="create", topic="Data", type="oci:ObjectStorage:Bucket", name="chats-iad", detail="", where="a.py:1"),
        Row(
            op="update", topic="Data", type="oci:ObjectStorage:Bucket", name="films-iad", detail="tags", where="a.py:1"
        ),
        Row(op="same", topic="", type="oci:Core:Vcn", name="vcn", detail="", where="b.py:2"),
    ),
    edits=("datasets.chats.shards=2",),
    notes=("Nothing was asked of a cloud.",),
    rerun="python -m infra report --stack sandbox",
)

REFUSED = replace(
    SMALL,
    verdict=replace(
        SMALL.verdict,
        word=Word.REFUTED,
        summary="1 of 2 theorems",
        theorems=(SMALL.verdict.theorems[0], replace(SMALL.verdict.theorems[1], word=Word.REFUTED)),
        certificate="",
        refusals=(
            Refusal(
                theorem="T2 copies",
                sentence="chats would be copied to Frankfurt",
                steps=("chats-iad", "replicates", "eu-frankfurt-1"),
                because='destinationRegionName = "eu-frankfurt-1"',
                fix="change it to us-phoenix-1",
                resource="oci:ObjectStorage:ReplicationPolicy chats-dr",
                file="components/primary_storage.py",
                line=141,
                source="chats-iad",
                target="fra",
            ),
        ),
    ),
    places=(*SMALL.places, Place(id="elsewhere", column=Column.ELSEWHERE, title="Elsewhere", notes=())),
    stations=(*SMALL.stations, _station("fra", "elsewhere", Band.DATA, "chats")),
    flows=(*SMALL.flows, _flow(Kind.COPY, "chats-iad", "fra", Change.NEW, refused=True)),
)
"""A copy to Frankfurt."""


def hostile(review, text):
    """The same review with a text in place of every text that could come from a program or a file."""
    keys = {"id", "place", "source", "target", "mark", "phases", "phase", "before", "lane", "ends", "op", "topic"}

    def replaced(value, name=""):
        match value:
            case Enum() | bool() | int():
                return value
            case str():
                return value if name in keys else text
            case tuple():
                return value if name in keys else tuple(replaced(item) for item in value)
            case _ if is_dataclass(value):
                kept = {"counts"}
                return replace(
                    value,
                    **{f.name: replaced(getattr(value, f.name), f.name) for f in fields(value) if f.name not in kept},
                )

    return replaced(review)


def large(number):
    """A review with so many resources and lines."""
    return replace(
        SMALL,
        resources=tuple(
            Row(
                op="create" if i % 3 else "same",
                topic="Data",
                type="oci:ObjectStorage:Bucket",
                name=f"bucket-{i:06}",
                detail="",
                where="a.py:1",
            )
            for i in range(number)
        ),
        meaning=tuple(Meaning(topic="Data", mark="+", text=f"dataset {i:06} (protected)") for i in range(number // 10)),
    )
