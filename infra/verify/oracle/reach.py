"""Who can reach which bucket in Oracle Cloud, read off the resources: of a state, or of what a preview would make.

Asked of every statement for every bucket, as `access` asks whether it may: which calls can it hold for, from which
networks, until when. Statements that cannot be read are nobody's here; that they are leaks is for `access` to say.

What it does not say: what the legacy sites' roles reach (`aws.access`), nor what services do for themselves.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from infra.verify.graph import Graph, Node
from infra.verify.oracle.access import COMPARTMENT, ELSEWHERE, FAR, POLICY, TIME, powers
from infra.verify.oracle.statements import Statement, UnreadableError, compared, may_hold, parse

BUCKET = "oci:ObjectStorage/bucket:Bucket"

_SAYS = {
    "OBJECT_INSPECT": "list",
    "OBJECT_READ": "read",
    "OBJECT_OVERWRITE": "write",
    "OBJECT_CREATE": "write",
    "OBJECT_DELETE": "delete",
}
_ORDER = ("list", "read", "write", "delete")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Reach:
    """One thing that somebody may do with a bucket's objects.

    Attributes:
        who: `group storage-operators`, `any-user`.
        does: `list`, `read`, `write` or `delete`.
        network: name of the network source; `anywhere` where nothing says.
        until: the last moment that a statement names; empty where nothing ends it.
    """

    who: str
    does: str
    bucket: str
    network: str
    until: str


def reach(graph: Graph) -> frozenset[Reach]:
    """Everything that the policies of a graph let anybody do with the objects of its buckets."""
    buckets = [(node, _place(graph, node)) for node in graph.of(BUCKET)]
    return frozenset(
        found
        for statement in _statements(graph)
        for node, place in buckets
        if place[: len(statement.place)] == statement.place
        for found in _ways(graph, statement, node)
    )


def _statements(graph: Graph) -> Iterator[Statement]:
    for node in graph.of(POLICY):
        texts: object = node.inputs.get("statements")
        for text in texts if isinstance(texts, list) else ():  # pyright: ignore[reportUnknownVariableType]
            try:
                statement = parse(str(text))  # pyright: ignore[reportUnknownArgumentType]
            except UnreadableError:
                continue
            if not statement.denies and statement.kind != "service" and powers(statement) & _SAYS.keys():
                yield statement


def _place(graph: Graph, node: Node) -> tuple[str, ...]:
    """Names of the compartments around a resource, from the root down."""
    found: list[str] = []
    seen: set[str] = set()
    while node.urn not in seen:
        seen.add(node.urn)
        around = graph.named(node, "compartmentId", node.inputs.get("compartmentId"), COMPARTMENT)
        if not around:
            break
        node = around[0]
        found.insert(0, str(node.inputs.get("name")))
    return tuple(found)


def _ways(graph: Graph, statement: Statement, node: Node) -> Iterator[Reach]:
    region, bucket = graph.region(node), str(node.inputs.get("name"))
    call = {"target.bucket.name": bucket} | ({"request.region": region.facts.key} if region is not None else {})
    networks = {it.value for it in compared(statement.condition, "request.networksource.name")}
    subjects = [f"{statement.kind} {name}" for name in statement.names] or [statement.kind]
    for permission in sorted(powers(statement) & _SAYS.keys()):
        asked = {**call, "request.permission": permission}
        for network in (ELSEWHERE, *sorted(networks)):
            at = {**asked, "request.networksource.name": network}
            if may_hold(statement.condition, at):
                for who in subjects:
                    yield Reach(
                        who=who,
                        does=_SAYS[permission],
                        bucket=bucket,
                        network="anywhere" if network == ELSEWHERE else network,
                        until=_until(statement, at),
                    )
                if network == ELSEWHERE:
                    break


def _until(statement: Statement, call: dict[str, str]) -> str:
    if may_hold(statement.condition, {**call, TIME: FAR}):
        return ""
    return max((it.value for it in compared(statement.condition, TIME) if it.operator == "before"), default="")


def wider(before: frozenset[Reach], after: frozenset[Reach]) -> tuple[str, ...]:
    """What can be done after a change and could not before, as sentences, sorted; a later end is more, too."""
    had = {(it.who, it.does, it.bucket, it.network): it.until for it in before}
    anywhere = {key[:3] for key in had if key[3] == "anywhere"}
    alike: dict[tuple[str, str, str], dict[str, set[str]]] = {}
    for it in after:
        until = had.get((it.who, it.does, it.bucket, it.network))
        if (it.who, it.does, it.bucket) in anywhere and it.network != "anywhere":
            continue
        if until is None or (until and (not it.until or it.until > until)):
            alike.setdefault((it.who, it.network, it.until), {}).setdefault(it.bucket, set()).add(it.does)
    found: list[str] = []
    for (who, network, until), buckets in alike.items():
        groups: dict[tuple[str, ...], list[str]] = {}
        for bucket, does in buckets.items():
            groups.setdefault(tuple(it for it in _ORDER if it in does), []).append(bucket)
        end = f" until {until}" if until else ""
        found += [
            f"{who} may now {', '.join(does)} {_few(sorted(some))} from {network}{end}" for does, some in groups.items()
        ]
    return tuple(sorted(found))


_MOST = 4


def _few(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= _MOST else f"{', '.join(names[:_MOST])} and {len(names) - _MOST} more"
