"""Who can reach which bucket, read off the resources: the same as the planner's own matrix says, by other code.

Proves that what is registered lets groups do what the plan says; that Oracle's service agrees is for its documentation.
"""

# ruff: noqa: E501 - a case is a line
import pytest

from infra import settings
from infra.residency.access_matrix import matrix
from infra.residency.placement import Plan
from infra.verify.graph import UNKNOWN, Graph, Node
from infra.verify.oracle.reach import Reach, reach, wider
from infra.verify.sources.state import graph_of
from tests.support.programs import AS_OF, ROOT, shipped


def resources(stack: str) -> Graph:
    """What the program registers for a shipped stack, with the parent of each compartment and bucket attributed."""
    recorded = shipped(stack, preview=False)
    by_text = {f"<{r.type} {r.name}.id>": r.urn for r in recorded.resources.values()}
    return graph_of(
        {
            "urn": r.urn,
            "type": r.type,
            "inputs": {**r.inputs, "compartmentId": UNKNOWN} if r.inputs.get("compartmentId") in by_text else r.inputs,
            "provider": _provider(recorded, r.provider),
            "propertyDependencies": {"compartmentId": [by_text[r.inputs["compartmentId"]]]}
            if r.inputs.get("compartmentId") in by_text
            else {},
        }
        for r in recorded.resources.values()
    )


def _provider(recorded, name: str) -> str:
    provider = recorded.providers().get(name)
    return f"{provider.urn}::id" if provider is not None else ""


def expected(plan: Plan) -> set[tuple[str, str, str, str]]:
    """(who, does, bucket, network) of every group in the planner's matrix, and of the connectors that carry logs."""
    physical = {it.name: it.physical for it in plan.access.networks} if plan.access else {}
    placements = {d.dataset.name: d.placements for d in plan.datasets}
    logs = plan.audit.regions if plan.audit else ()
    return {
        (row.who, power.removesuffix(" data"), placement.bucket, physical.get(row.network, row.network))
        for row in matrix(plan)
        if row.who.startswith("group ")
        for power in row.powers
        for placement in placements[row.dataset]
        if placement.region.value in row.where
    } | {("any-user", does, it.bucket, "anywhere") for it in logs for does in ("list", "write")}


@pytest.mark.parametrize("stack", ["sandbox", "us-prod"])
def test_the_resources_say_the_same_as_the_plan(stack):
    """Group by group, bucket by bucket, network by network; by two readers that share no code."""
    plan = settings.load(settings.stack_file(ROOT, stack), configured=None, as_of=AS_OF).plan
    found = {(it.who, it.does, it.bucket, it.network) for it in reach(resources(stack))}
    assert found == expected(plan)
    assert len(found) > 30


def small(*statements: str) -> Graph:
    """One bucket in Ashburn, in compartment usds:protected, and a policy."""
    provider, outer, inner = "urn:p", "urn:usds", "urn:protected"

    def compartment(urn: str, name: str, around: str) -> Node:
        return Node(
            urn=urn,
            type="oci:Identity/compartment:Compartment",
            name=name,
            inputs={"name": name, "compartmentId": UNKNOWN},
            sources={"compartmentId": frozenset({around})},
        )

    bucket = Node(
        urn="urn:b",
        type="oci:ObjectStorage/bucket:Bucket",
        name="b",
        provider=provider,
        inputs={"name": "usds-profiles-iad", "compartmentId": UNKNOWN},
        sources={"compartmentId": frozenset({inner})},
    )
    policy = Node(urn="urn:s", type="oci:Identity/policy:Policy", name="s", inputs={"statements": list(statements)})
    nodes = [
        Node(urn=provider, type="pulumi:providers:oci", name="oci", inputs={"region": "us-ashburn-1"}),
        compartment(outer, "usds", "urn:nowhere"),
        compartment(inner, "protected", outer),
        bucket,
        policy,
    ]
    return Graph({node.urn: node for node in nodes})


IN = "in compartment usds:protected where all"
NET = "request.networkSource.name='usds-us-office'"
READ = f"Allow group a to read objects {IN} {{{NET}}}"
ENDS = "request.utc-timestamp before '{}-01-01T00:00:00Z'"


def way(who: str, does: str, network: str = "usds-us-office", until: str = "") -> Reach:
    """A way to the one bucket."""
    return Reach(who=who, does=does, bucket="usds-profiles-iad", network=network, until=until)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("Allow group a to {OBJECT_READ} in compartment usds:protected", {way("group a", "read", "anywhere")}),
        (f"Allow group a to {{OBJECT_READ}} {IN} {{{NET}}}", {way("group a", "read")}),
        (f"Allow group a, b to {{OBJECT_READ}} {IN} {{{NET}}}", {way("group a", "read"), way("group b", "read")}),
        (f"Allow group a to {{OBJECT_READ}} {IN} {{{NET}, request.region='phx'}}", set()),
        (f"Allow group a to {{OBJECT_READ}} {IN} {{{NET}, target.bucket.name='another'}}", set()),
        (f"Allow group a to {{OBJECT_READ}} {IN} {{{NET}, {ENDS.format(2027)}}}", {way("group a", "read", until="2027-01-01T00:00:00Z")}),
        (f"Deny group a to {{OBJECT_READ}} {IN} {{{NET}}}", set()),
        ("Allow group a to {OBJECT_READ} in compartment usds:excepted", set()),
        ("Allow any-user to {OBJECT_READ} in tenancy", {way("any-user", "read", "anywhere")}),
        ("Allow service objectstorage-us-ashburn-1 to manage object-family in tenancy", set()),
        ("Allow group a to read buckets in tenancy", set()),
        ("nonsense", set()),
    ],
)  # fmt: skip
def test_what_a_statement_lets(statement, expected):
    """One row for each thing that narrows it, and for what is nobody's."""
    assert reach(small(statement)) == expected


def test_statements_that_are_not_known_are_nobodys():
    """That they are leaks is for the check of access to say."""
    made = small(READ)
    policy = made.nodes["urn:s"]
    unknown = Node(urn=policy.urn, type=policy.type, name=policy.name, inputs={"statements": UNKNOWN})
    assert reach(Graph({**made.nodes, policy.urn: unknown})) == frozenset()


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ([READ], [READ], ()),
        ([READ], [], ()),
        ([], [f"Allow group a to {{OBJECT_READ}} {IN} {{{NET}}}"], ("group a may now read usds-profiles-iad from usds-us-office",)),
        ([f"Allow group a to {{OBJECT_READ}} {IN} {{{NET}}}"], ["Allow group a to {OBJECT_READ} in tenancy"], ("group a may now read usds-profiles-iad from anywhere",)),
        (["Allow group a to {OBJECT_READ} in tenancy"], [f"Allow group a to {{OBJECT_READ}} {IN} {{{NET}}}"], ()),
        ([f"Allow group a to {{OBJECT_READ}} {IN} {{{NET}, {ENDS.format(2027)}}}"], [f"Allow group a to {{OBJECT_READ}} {IN} {{{NET}, {ENDS.format(2028)}}}"],
         ("group a may now read usds-profiles-iad from usds-us-office until 2028-01-01T00:00:00Z",)),
        ([f"Allow group a to {{OBJECT_READ}} {IN} {{{NET}, {ENDS.format(2028)}}}"], [f"Allow group a to {{OBJECT_READ}} {IN} {{{NET}, {ENDS.format(2027)}}}"], ()),
    ],
)  # fmt: skip
def test_only_what_is_more_is_said(before, after, said):
    """A new reader, a network less, a later end; never less, and never the same."""
    assert wider(reach(small(*before)), reach(small(*after))) == said


def test_many_buckets_are_few_words():
    """Five buckets: four by name, and how many more."""
    many = frozenset(Reach(who="group a", does="read", bucket=f"b{n}", network="n", until="") for n in range(6))
    assert wider(frozenset(), many) == ("group a may now read b0, b1, b2, b3 and 2 more from n",)
