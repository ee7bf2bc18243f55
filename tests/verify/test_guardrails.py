"""The check of guardrails over the resource graph: a guard that is missing or narrower is found, a rewrite is not.

Each case starts from what the program registers for production, which uses every guard, and edits resources as no stack
file could. That the planner refuses stack files is for its own tests.
"""

import json
from copy import deepcopy
from functools import cache

import pytest

from infra.verify.graph import UNKNOWN
from infra.verify.guardrails import Rule, attempts, controls, gaps
from infra.verify.sources.preview import graph_of
from tests.support.graphs import STACKS, declarations, graph, steps

QUOTA = "oci:Limits/quota:Quota"
DENY = "oci:Identity/policy:Policy"
CONFIGURATION = "oci:CloudGuard/cloudGuardConfiguration:CloudGuardConfiguration"
TARGET = "oci:CloudGuard/target:Target"
RECIPE = "oci:CloudGuard/securityRecipe:SecurityRecipe"
ZONE = "oci:CloudGuard/securityZone:SecurityZone"
DEFAULT = "oci:Identity/tagDefault:TagDefault"
BUCKET = "oci:ObjectStorage/bucket:Bucket"
COMPARTMENT = "oci:Identity/compartment:Compartment"
CONTROL = "aws:organizations/policy:Policy"
ATTACHMENT = "aws:organizations/policyAttachment:PolicyAttachment"
ROUTING = "oci:Zpr/zprPolicy:ZprPolicy"
ROUTING_SWITCH = "oci:Zpr/configuration:Configuration"
VCN = "oci:Core/vcn:Vcn"
ENDPOINT = "oci:ObjectStorage/privateEndpoint:PrivateEndpoint"
VIRGINIA, ASHBURN = "111111111111", "routing-us-ashburn-1"


KINDS = {QUOTA, DENY, CONFIGURATION, TARGET, RECIPE, ZONE, DEFAULT, BUCKET, COMPARTMENT, CONTROL, ATTACHMENT}
KINDS |= {"oci:Identity/tag:Tag", "oci:Kms/vault:Vault", "oci:Kms/key:Key", "pulumi:providers:oci"}
KINDS |= {ROUTING, ROUTING_SWITCH, VCN, ENDPOINT}


@cache
def guarded():
    """Production's guards and what they guard; shared, so not to be changed."""
    return [step for step in steps("us-prod", preview=False) if step["newState"]["type"] in KINDS]


class Stack:
    """Production's guards and what they guard, with their ids, to be edited."""

    def __init__(self) -> None:
        self.steps = deepcopy(guarded())

    def inputs(self, type_, name):
        """The inputs of a resource."""
        (found,) = (s for s in self.steps if s["newState"]["type"] == type_ and s["urn"].endswith(f"::{name}"))
        return found["newState"]["inputs"]

    def drop(self, type_, name=""):
        """Take resources away; at least one."""
        left = [
            s
            for s in self.steps
            if s["newState"]["type"] != type_ or not s["urn"].endswith(f"::{name}" if name else "")
        ]
        assert len(left) < len(self.steps)
        self.steps = left

    def found(self):
        """The rules of what the check finds, which are those of what somebody tries and no guard stops."""
        on = graph_of(self.steps), declarations("us-prod")
        rules = {gap.rule for gap in gaps(*on)}
        assert {it.rule for it in (*attempts.passing(*on), *controls.passing(*on))} == rules
        return rules


@pytest.fixture
def stack():
    """Production."""
    return Stack()


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "known"])
@pytest.mark.parametrize("name", STACKS)
def test_what_the_program_registers_has_no_gap(name, preview):
    """Both shipped stacks, before and after ids are known."""
    assert gaps(graph(name, preview=preview), declarations(name)) == ()


def statements(type_, name, change):
    """Other statements, made from those that are there."""
    return lambda stack: stack.inputs(type_, name).update(
        statements=change(list(stack.inputs(type_, name)["statements"]))
    )


def put(type_, logical, /, **inputs: object):
    """Other inputs."""
    return lambda stack: stack.inputs(type_, logical).update(inputs)


def drop(type_, name=""):
    """A resource less."""
    return lambda stack: stack.drop(type_, name)


def denials(old, new):
    """Another text in every deny."""

    def change(stack):
        texts = stack.inputs(DENY, "denials")["statements"]
        assert any(old in text for text in texts), texts
        stack.inputs(DENY, "denials")["statements"] = [text.replace(old, new) for text in texts]

    return change


def control(name, change):
    """A change of one statement of a control policy, the last."""

    def edit(stack):
        document = json.loads(stack.inputs(CONTROL, name)["content"])
        change(document["Statement"][-1])
        stack.inputs(CONTROL, name)["content"] = json.dumps(document)

    return edit


def tag(name, value):
    """Another tag on a bucket; None takes it away."""

    def change(stack):
        tags = stack.inputs(BUCKET, "profiles-us-ashburn-1")["definedTags"]
        tags.pop(name) if value is None else tags.update({name: value})

    return change


def routing(number, old, new):
    """Another text in one statement of a region's routing policy."""

    def change(texts):
        assert old in texts[number], texts[number]
        return [text.replace(old, new) if at == number else text for at, text in enumerate(texts)]

    return statements(ROUTING, ASHBURN, change)


AUDITED = {"usds.network.value": "iad", "usds.network.mode": "audit"}
MISCALLED = {"usds.tier.value": "data", "usds.tier.mode": "enforce"}
REGIONS, COPIES, TRAIL = f"usds-regions-{VIRGINIA}", "usds-copies", f"usds-trail-{VIRGINIA}"
STORAGE = "object-storage"
REMOVALS = [
    ("a quota policy is gone", drop(QUOTA, STORAGE), {Rule.QUOTA}),
    ("all quotas are gone", drop(QUOTA), {Rule.QUOTA}),
    ("the zero comes last", statements(QUOTA, STORAGE, lambda it: [*it[1:], it[0]]), {Rule.QUOTA}),
    ("a region of the stack is dropped", statements(QUOTA, STORAGE, lambda it: it[:-1]), {Rule.QUOTA}),
    (
        "the exceptions come first, and an unset last",
        statements(QUOTA, STORAGE, lambda it: [*it, it[0].replace("zero", "unset")]),
        {Rule.QUOTA},
    ),
    ("the zero is dropped", statements(QUOTA, STORAGE, lambda it: it[1:]), {Rule.QUOTA}),
    (
        "the zero holds in one region",
        statements(QUOTA, STORAGE, lambda it: [f"{it[0]} where request.region = us-ashburn-1", *it[1:]]),
        {Rule.QUOTA},
    ),
    (
        "a region abroad is let out",
        statements(QUOTA, STORAGE, lambda it: [*it, it[1].replace("us-ashburn-1", "eu-frankfurt-1")]),
        {Rule.QUOTA},
    ),
    (
        "a US region that is not the stack's",
        statements(QUOTA, STORAGE, lambda it: [*it, it[1].replace("us-ashburn-1", "us-sanjose-1")]),
        {Rule.QUOTA},
    ),
    (
        "one quota of a family only",
        statements(QUOTA, STORAGE, lambda it: [it[0].replace("quotas in", "quota storage-bytes in"), *it[1:]]),
        {Rule.QUOTA},
    ),
    (
        "a limit in place of zero",
        statements(QUOTA, STORAGE, lambda it: [it[0].replace("zero", "set"), *it[1:]]),
        {Rule.QUOTA},
    ),
    (
        "another family",
        statements(QUOTA, STORAGE, lambda it: [text.replace(STORAGE, "email-delivery") for text in it]),
        {Rule.QUOTA},
    ),
    ("two families in one", statements(QUOTA, STORAGE, lambda it: [*it, "zero vcn quotas in tenancy"]), {Rule.QUOTA}),
    ("a quota in a compartment", put(QUOTA, STORAGE, compartmentId="ocid1.compartment.oc1..a"), {Rule.QUOTA}),
    ("a quota that is not known", put(QUOTA, STORAGE, statements=UNKNOWN), {Rule.QUOTA}),
    ("the denials are gone", drop(DENY, "denials"), {Rule.DENIAL}),
    ("one deny less", statements(DENY, "denials", lambda it: it[1:]), {Rule.DENIAL}),
    ("a deny that allows", denials("deny any-user", "Allow any-user"), {Rule.DENIAL}),
    ("a deny of one group", denials("any-user", "group interns"), {Rule.DENIAL}),
    ("a deny in one compartment", denials("in tenancy", "in compartment usds:protected"), {Rule.DENIAL}),
    ("a deny of reading alone", denials("manage", "read"), {Rule.DENIAL}),
    ("a deny but for a region abroad", denials("request.region!='phx'", "request.region!='fra'"), {Rule.DENIAL}),
    (
        "a deny but for one region more",
        denials("request.region!='phx'", "request.region!='phx', request.region!='fra'"),
        {Rule.DENIAL},
    ),
    (
        "a deny by names of regions",
        denials("request.region!='iad'", "request.region!='iad', request.user.name!='boss'"),
        {Rule.DENIAL},
    ),
    (
        "a deny in the home region only",
        denials(
            "where all {request.region!='iad', request.region!='ord', request.region!='phx'}",
            "where request.region='iad'",
        ),
        {Rule.DENIAL},
    ),
    ("a deny that cannot be read", denials(" in tenancy", " in tenancy or so"), {Rule.DENIAL}),
    ("denials in a compartment", put(DENY, "denials", compartmentId="ocid1.compartment.oc1..a"), {Rule.DENIAL}),
    ("Cloud Guard is gone", drop(CONFIGURATION), {Rule.REPORTING}),
    ("Cloud Guard is off", put(CONFIGURATION, "cloud-guard", status="DISABLED"), {Rule.REPORTING}),
    ("findings are kept abroad", put(CONFIGURATION, "cloud-guard", reportingRegion="eu-frankfurt-1"), {Rule.REPORTING}),
    ("nothing is watched", drop(TARGET), {Rule.TARGET}),
    (
        "the target is on a zone",
        put(TARGET, "enclosing", targetResourceId=f"<{COMPARTMENT} protected.id>"),
        {Rule.TARGET},
    ),
    ("the target is elsewhere", put(TARGET, "enclosing", targetResourceId="ocid1.compartment.oc1..a"), {Rule.TARGET}),
    ("the target looks at nothing", put(TARGET, "enclosing", targetDetectorRecipes=[]), {Rule.TARGET}),
    ("a zone is gone", drop(ZONE, "protected"), {Rule.ZONE}),
    (
        "the public zone's recipe for private data",
        put(ZONE, "protected", securityZoneRecipeId=f"<{RECIPE} open.id>"),
        {Rule.ZONE},
    ),
    ("a policy less in a recipe", lambda stack: stack.inputs(RECIPE, "sealed")["securityPolicies"].pop(), {Rule.ZONE}),
    ("a recipe that is not known", put(RECIPE, "sealed", securityPolicies=UNKNOWN), {Rule.ZONE}),
    ("a zone on another compartment", put(ZONE, "protected", compartmentId="ocid1.compartment.oc1..a"), {Rule.ZONE}),
    ("a tag that is not required", put(DEFAULT, "protected-data-class", isRequired=False), {Rule.TAG}),
    ("a required tag is gone", drop(DEFAULT, "keys-owner"), {Rule.TAG}),
    ("a holder without a class", tag("usds.data-class", None), {Rule.TAG}),
    ("a holder without an owner", tag("usds.owner", None), {Rule.TAG}),
    ("private data that is called public", tag("usds.data-class", "public"), {Rule.TAG}),
    (
        "private data among public data",
        put(BUCKET, "profiles-us-ashburn-1", compartmentId=f"<{COMPARTMENT} public.id>"),
        {Rule.TAG},
    ),
    ("packet routing is off", put(ROUTING_SWITCH, "packet-routing", zprStatus="DISABLED"), {Rule.ROUTING}),
    ("a region without a routing policy", drop(ROUTING, ASHBURN), {Rule.ROUTING}),
    (
        "a network without its attribute",
        lambda stack: stack.inputs(VCN, "vcn-us-ashburn-1").pop("securityAttributes"),
        {Rule.ROUTING},
    ),
    ("a network that is only watched", put(VCN, "vcn-us-ashburn-1", securityAttributes=AUDITED), {Rule.ROUTING}),
    (
        "an endpoint that says it is data",
        put(ENDPOINT, "endpoint-us-ashburn-1", securityAttributes=MISCALLED),
        {Rule.ROUTING},
    ),
    ("every endpoint may connect", routing(0, "usds.tier:data endpoints", "all-endpoints"), {Rule.ROUTING}),
    ("every address may connect", routing(3, "10.18.0.0/20", "0.0.0.0/0"), {Rule.ROUTING}),
    ("a whole region's addresses may connect", routing(3, "10.18.0.0/20", "10.18.0.0/16"), {Rule.ROUTING}),
    ("addresses that are nobody's here", routing(3, "10.18.0.0/20", "10.99.0.0/24"), {Rule.ROUTING}),
    ("no addresses at all", routing(3, "10.18.0.0/20", "banana"), {Rule.ROUTING}),
    ("services that connect to data", routing(3, "10.18.0.0/20", "osn-services-ip-addresses"), {Rule.ROUTING}),
    ("every port of databases", routing(1, "1521-1522", "1-65535"), {Rule.ROUTING}),
    ("any protocol", routing(0, " with protocol='tcp/443'", ""), {Rule.ROUTING}),
    ("a network of another namespace", routing(0, "usds.network", "old.network"), {Rule.ROUTING}),
    ("a tier that there is not", routing(1, "tier:data", "tier:web"), {Rule.ROUTING}),
    ("between two ranges", routing(3, "usds.tier:data endpoints", "'10.16.0.0/20'"), {Rule.ROUTING}),
    ("too many statements", statements(ROUTING, ASHBURN, lambda it: it * 2), {Rule.ROUTING}),
    ("routing that is not known", put(ROUTING, ASHBURN, statements=UNKNOWN), {Rule.ROUTING}),
    (
        "an account without its policies",
        lambda stack: [
            it["newState"]["inputs"].update(targetId="123456789012")
            for it in stack.steps
            if it["newState"]["type"] == ATTACHMENT
        ],
        {Rule.CONTROL},
    ),
    ("one attachment is gone", drop(ATTACHMENT, f"{COPIES}-on-{VIRGINIA}"), {Rule.CONTROL}),
    (
        "a region abroad is let in",
        control(REGIONS, lambda it: it["Condition"]["StringNotEquals"]["aws:RequestedRegion"].append("eu-west-1")),
        {Rule.CONTROL},
    ),
    (
        "a region abroad as a text",
        control(REGIONS, lambda it: it["Condition"]["StringNotEquals"].update({"aws:RequestedRegion": "eu-west-1"})),
        {Rule.CONTROL},
    ),
    (
        "no region is spared",
        control(REGIONS, lambda it: it["Condition"]["StringNotEquals"].update({"aws:RequestedRegion": []})),
        {Rule.CONTROL},
    ),
    ("a condition that is none", control(REGIONS, lambda it: it.update(Condition="strange")), {Rule.CONTROL}),
    ("a service is spared", control(REGIONS, lambda it: it["NotAction"].append("s3:*")), {Rule.CONTROL}),
    ("everything is spared", control(REGIONS, lambda it: it.update(NotAction=["*"])), {Rule.CONTROL}),
    (
        "one role is spared",
        control(REGIONS, lambda it: it["Condition"].update(ArnNotEquals={"aws:PrincipalArn": ["x"]})),
        {Rule.CONTROL},
    ),
    (
        "regions by what only looks like a denial",
        control(REGIONS, lambda it: it.update(Condition={"StringEquals": it["Condition"]["StringNotEquals"]})),
        {Rule.CONTROL},
    ),
    ("an allow in place of a deny", control(REGIONS, lambda it: it.update(Effect="Allow")), {Rule.CONTROL}),
    ("one bucket alone", control(COPIES, lambda it: it.update(Resource="arn:aws:s3:::a")), {Rule.CONTROL}),
    (
        "copies in brackets",
        control(COPIES, lambda it: it.update(Action=[f"[{one[0]}]{one[1:]}" for one in it["Action"]])),
        {Rule.CONTROL},
    ),
    ("a copy less", control(COPIES, lambda it: it["Action"].remove("s3:PutReplicationConfiguration")), {Rule.CONTROL}),
    (
        "copies by all but one",
        control(COPIES, lambda it: it.update(Condition={"ArnNotEquals": {"aws:PrincipalArn": ["x"]}})),
        {Rule.CONTROL},
    ),
    (
        "anybody may change the trail",
        control(TRAIL, lambda it: it["Condition"]["ArnNotEquals"]["aws:PrincipalArn"].append("arn:aws:iam::1:role/x")),
        {Rule.CONTROL},
    ),
    (
        "strangers of another organization",
        control(
            "usds-perimeter", lambda it: it["Condition"]["StringNotEquals"]["aws:PrincipalOrgID"].append("o-another000")
        ),
        {Rule.CONTROL},
    ),
    ("strangers may decrypt", control("usds-perimeter", lambda it: it["Action"].remove("kms:*")), {Rule.CONTROL}),
    ("a policy of another kind", put(CONTROL, COPIES, type="TAG_POLICY"), {Rule.CONTROL}),
    ("a document that is none", put(CONTROL, COPIES, content="{"), {Rule.CONTROL}),
    ("a document that is not known", put(CONTROL, COPIES, content=UNKNOWN), {Rule.CONTROL}),
]


@pytest.mark.parametrize(("seed", "rules"), [row[1:] for row in REMOVALS], ids=[row[0] for row in REMOVALS])
def test_a_guard_that_is_missing_or_narrower_is_found(stack, seed, rules):
    """By exactly the rule of the guard that it was taken from."""
    seed(stack)
    assert stack.found() == rules


def test_there_are_enough_removals():
    """Every rule at least twice, but for the one that is about the stack file."""
    told = [rule for _, _, rules in REMOVALS for rule in rules]
    assert len(told) >= 50
    assert {rule for rule in Rule if told.count(rule) < 2} == {Rule.DECLARED}


HARMLESS = [
    ("another order of regions", statements(QUOTA, STORAGE, lambda it: [it[0], *reversed(it[1:])])),
    ("another name of a quota", put(QUOTA, STORAGE, name="other")),
    ("denials in another order", statements(DENY, "denials", lambda it: it[::-1])),
    ("a deny that is wider", denials(", request.region!='phx'", "")),
    (
        "policies of a recipe in another order",
        lambda stack: stack.inputs(RECIPE, "sealed")["securityPolicies"].reverse(),
    ),
    ("a policy more in a recipe", lambda stack: stack.inputs(RECIPE, "open")["securityPolicies"].append("ocid1.x")),
    ("routing in another order", statements(ROUTING, ASHBURN, lambda it: it[::-1])),
    ("a routing statement less", statements(ROUTING, ASHBURN, lambda it: it[:-1])),
    ("a narrower block", routing(3, "10.18.0.0/20", "10.18.0.0/24")),
    ("another name of a zone", put(ZONE, "protected", displayName="other")),
    ("a tag more", tag("usds.role", "replica")),
    ("actions in another order", control(COPIES, lambda it: it["Action"].reverse())),
    ("an action more", control(COPIES, lambda it: it["Action"].append("ec2:CreateSnapshot"))),
    ("another name of a statement", control(TRAIL, lambda it: it.update(Sid="x"))),
    ("fewer services spared", control(REGIONS, lambda it: it["NotAction"].remove("ce:*"))),
    (
        "the same document with blanks",
        lambda stack: stack.inputs(CONTROL, COPIES).update(
            content=json.dumps(json.loads(stack.inputs(CONTROL, COPIES)["content"]), indent=1)
        ),
    ),
]


@pytest.mark.parametrize("rewrite", [row[1] for row in HARMLESS], ids=[row[0] for row in HARMLESS])
def test_a_harmless_rewrite_is_no_gap(stack, rewrite):
    """The check is no comparison with what the program writes."""
    rewrite(stack)
    assert stack.found() == set()


def test_a_stack_that_declares_no_zones_has_a_gap():
    """What the stack file leaves out is told, not passed over."""
    plain = declarations("us-prod")
    bare = plain._replace(deployment={k: v for k, v in plain.deployment.items() if k != "guardrails"})
    assert {gap.rule for gap in gaps(graph("us-prod", preview=False), bare)} == {Rule.DECLARED}
