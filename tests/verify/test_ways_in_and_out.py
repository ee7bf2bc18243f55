"""Leaks of traffic, networks and access seeded below the planner: what the theorems answer, and that it happens.

Each starts from a first preview of the shipped production stack and edits its resources as no stack file could. Proves
that the named theorem answers so, by both of its deciders, and that what it says of packets and of requests at the
legacy sites is confirmed by an evaluator that shares no code with it.
"""

# ruff: noqa: E501 - a case is a line

import json

import pytest

from infra.verify.graph import SECRET, UNKNOWN
from infra.verify.network.read import read
from infra.verify.sources.preview import graph_of
from infra.verify.theorems import access, network, traffic
from infra.verify.verdict import Answer
from tests.support.graphs import context
from tests.verify.test_leaks import Stack, add, put

REFUTED, UNDECIDED = Answer.REFUTED, Answer.UNDECIDED
pytestmark = pytest.mark.no_cover
THEOREMS = {theorem.ID: theorem for theorem in (traffic, network, access)}
HOME = "oci-us-ashburn-1"


def rewritten(kind, name, path, change):
    """A leak by another document: `change` gets its statements by their names, and may add one."""

    def edit(stack):
        inputs = stack.state(kind, name)["inputs"]
        document = json.loads(inputs[path])
        statements = {statement["Sid"]: statement for statement in document["Statement"]}
        change(statements)
        inputs[path] = json.dumps({**document, "Statement": list(statements.values())})

    return edit


def bucket(change):
    """The same of a backup's policy."""
    return rewritten("BucketPolicy", "profiles-virginia", "policy", change)


def key(change):
    """The same of a site's key."""
    return rewritten("Key", "virginia", "policy", change)


def trust(change):
    """The same of who may act as the transfer's role."""
    return rewritten("Role", "transfer-virginia", "assumeRolePolicy", change)


def answers(*more: object):
    """More answers in a pool."""
    return lambda s: s.state("SteeringPolicy", "api-a")["inputs"]["answers"].extend(more)


def to_the_internet(s):
    """An internet gateway, a route and a rule."""
    vcn = s.state("Vcn", "vcn-us-ashburn-1")["urn"]
    s.add("oci:Core/internetGateway:InternetGateway", "out", sources={"vcnId": [vcn]}, vcnId=UNKNOWN)
    table = s.state("RouteTable", "data-us-ashburn-1")
    table["inputs"]["routeRules"].append(
        {"destination": "0.0.0.0/0", "destinationType": "CIDR_BLOCK", "networkEntityId": UNKNOWN}
    )
    table["propertyDependencies"]["routeRules"].append(
        "urn:pulumi:us-prod::usdata::oci:Core/internetGateway:InternetGateway::out"
    )
    open_to_all(s)


def open_to_all(s):
    """A rule that lets everything out."""
    s.put(
        "NetworkSecurityGroupSecurityRule",
        "data-us-ashburn-1-to-services",
        destination="0.0.0.0/0",
        destinationType="CIDR_BLOCK",
    )


def to_all_of_the_edges(s):
    """A wider route and a wider rule reach the public subnet of an edge."""
    s.state("RouteTable", "data-us-ashburn-1")["inputs"]["routeRules"][-1]["destination"] = "10.16.0.0/12"
    open_to_all(s)


def statement(text, policy="storage-operators"):
    """One more statement in Oracle Cloud."""
    return lambda s: s.state("Policy", policy)["inputs"]["statements"].append(text)


READING = "allow group {} to read objects in compartment usds:protected"
LEAKS = [
    ("T3", "an answer of nobody", answers({"name": "old", "rtype": "A", "rdata": "203.0.113.7"}), REFUTED),
    ("T3", "a name as an answer", answers({"name": "old", "rtype": "CNAME", "rdata": "old.example.net"}), REFUTED),
    ("T3", "a pool without a filter", lambda s: (put("SteeringPolicy", "api-a", template="CUSTOM", rules=[{"ruleType": "HEALTH"}])(s), answers({"name": "old", "rtype": "A", "rdata": "203.0.113.7"})(s)), REFUTED),
    ("T3", "rules that are not known", put("SteeringPolicy", "api-a", rules=UNKNOWN, template="CUSTOM"), UNDECIDED),
    ("T3", "an attachment at a name that is not known", put("SteeringPolicyAttachment", "api-a", domainName=UNKNOWN), REFUTED),
    ("T3", "a hostname without records", lambda s: s.remove("Rrset", "api-a"), REFUTED),
    ("T3", "a record elsewhere", lambda s: s.state("Rrset", "api-a")["inputs"]["items"][0].update(rdata="203.0.113.7"), REFUTED),
    ("T3", "another way to answer", add("aws:route53/record:Record", provider="aws-virginia-us-east-1", name="x"), UNDECIDED),
    ("T3", "a long lifetime", put("SteeringPolicy", "api-a", ttl=86400), REFUTED),
    ("T3", "an unsigned zone", put("Zone", "zone", dnssecState="DISABLED"), REFUTED),
    ("T3", "a listener without TLS", lambda s: s.state("Listener", "edge-us-ashburn-1")["inputs"].pop("sslConfiguration"), REFUTED),
    ("T3", "an edge abroad", put("oci", HOME, region="ap-singapore-1"), REFUTED),
    ("T4", "the internet", to_the_internet, REFUTED),
    ("T4", "the edge's public subnet", to_all_of_the_edges, REFUTED),
    ("T4", "a peer of somebody else", put("RemotePeeringConnection", "us-ashburn-1-to-us-phoenix-1", peerId="ocid1.remotepeeringconnection.oc1..x"), REFUTED),
    ("T4", "services of another region", put("ServiceGateway", "services-us-ashburn-1", services=[{"serviceId": "ocid1.service.oc1.phx.aaaa"}]), REFUTED),
    ("T4", "public addresses", put("Subnet", "data-us-ashburn-1", prohibitPublicIpOnVnic=False), REFUTED),
    ("T4", "a peer abroad", put("oci", "oci-us-phoenix-1", region="ap-singapore-1"), REFUTED),
    ("T4", "routes that are not known", put("RouteTable", "data-us-ashburn-1", routeRules=UNKNOWN), UNDECIDED),
    ("T4", "an attached VCN whose ranges are not known", put("Vcn", "edge-vcn-us-phoenix-1", cidrBlocks=UNKNOWN), UNDECIDED),
    ("T4", "a tunnel", add("oci:Core/ipsec:Ipsec"), UNDECIDED),
    ("T5", "a group of nobody", statement(READING.format("strangers")), REFUTED),
    ("T5", "everybody", statement("allow any-user to read objects in compartment usds:protected"), REFUTED),
    ("T5", "a group from everywhere", statement(READING.format("storage-operators")), REFUTED),
    ("T5", "a group with keys", statement("allow group storage-operators to use keys in compartment usds:protected"), REFUTED),
    ("T5", "a statement that nobody can read", statement("endorse group x to read objects in tenancy y"), UNDECIDED),
    ("T5", "a statement that is not known", statement(UNKNOWN), UNDECIDED),
    ("T5", "a bucket of which nobody knows who may read it", put("Bucket", "profiles-us-ashburn-1", accessType=UNKNOWN), UNDECIDED),
    ("T5", "a bucket that does not show who may read it", put("Bucket", "profiles-us-ashburn-1", accessType=SECRET), UNDECIDED),
    ("T5", "a bucket in a namespace that is not known", put("Bucket", "profiles-us-ashburn-1", namespace=UNKNOWN), UNDECIDED),
    ("T5", "a compartment that does not show whether it sends logs", put("Compartment", "edge", definedTags=SECRET), REFUTED),
    ("T5", "a network by the bits that differ", put("NetworkSource", "us-office", publicSourceLists=["198.51.100.0/0.0.0.255"]), REFUTED),
    ("T5", "a network by an address in it", put("NetworkSource", "us-office", publicSourceLists=["198.51.100.7/24"]), REFUTED),
    ("T5", "one more reader", bucket(lambda s: s["DenyReading"]["Condition"]["ArnNotEquals"]["aws:PrincipalArn"].append("arn:aws:iam::111111111111:role/other")), REFUTED),
    ("T5", "no denial of reading", bucket(lambda s: s.pop("DenyReading")), REFUTED),
    ("T5", "a denial of some reading", bucket(lambda s: s["DenyReading"].update(Action="s3:GetObject")), REFUTED),
    ("T5", "a denial for plain text only", bucket(lambda s: s["DenyReading"].setdefault("Condition", {}).update(Bool={"aws:SecureTransport": "false"})), REFUTED),
    ("T5", "a denial of one prefix", bucket(lambda s: s["DenyReading"].update(Resource=f"{s['DenyReading']['Resource'][0][:-1]}2026/*")), REFUTED),
    ("T5", "a denial of some principals", bucket(lambda s: s["DenyReading"].update(Principal={"AWS": "111111111111"})), REFUTED),
    ("T5", "a denial with a variable", bucket(lambda s: s["DenyReading"].update(Resource="arn:aws:s3:::usds-profiles-use1-111111111111/${aws:username}/*")), UNDECIDED),
    ("T5", "no denial of listing", bucket(lambda s: s.pop("DenyListingHistory")), REFUTED),
    ("T5", "plain text for S3's own calls", bucket(lambda s: s["DenyPlainText"].update(NotAction=s["DenyPlainText"].pop("Action"))), REFUTED),
    ("T5", "another encryption of what no PutObject writes", bucket(lambda s: s["DenyOtherEncryption"].update(NotAction=s["DenyOtherEncryption"].pop("Action"))), REFUTED),
    ("T5", "a denial that AWS does not take", bucket(lambda s: s["DenyCustomerKeys"]["Condition"].update(Null={"s3:x-amz-server-side-encryption-customer-algorithm": "x"})), UNDECIDED),
    ("T5", "no policy", lambda s: s.remove("BucketPolicy", "profiles-virginia"), REFUTED),
    ("T5", "a policy that is not known", put("BucketPolicy", "profiles-virginia", policy=UNKNOWN), UNDECIDED),
    ("T5", "a bucket open to the public", put("BucketPublicAccessBlock", "profiles-virginia", blockPublicPolicy=False), REFUTED),
    ("T5", "access lists", put("BucketOwnershipControls", "profiles-virginia", rule={"objectOwnership": "ObjectWriter"}), REFUTED),
    ("T5", "an access list of the bucket", put("Bucket", "profiles-virginia", acl="public-read"), REFUTED),
    ("T5", "a key for the account", key(lambda s: s["UseThroughS3"].update(Principal={"AWS": "arn:aws:iam::111111111111:root"})), REFUTED),
    ("T5", "a key that the deployer may use", key(lambda s: s["Administer"]["Action"].append("kms:Decrypt")), REFUTED),
    ("T5", "a key that others may be let use", key(lambda s: s["Administer"]["Action"].append("kms:CreateGrant")), REFUTED),
    ("T5", "a key for all", key(lambda s: s["UseThroughS3"].update(Principal="*")), REFUTED),
    ("T5", "a grant of a key", add("aws:kms/grant:Grant", provider="aws-virginia-us-east-1"), REFUTED),
    ("T5", "a role for anybody of the account", trust(lambda s: s["AssumeByDataSync"].update(Principal={"AWS": "111111111111"})), REFUTED),
    ("T5", "a federated role", trust(lambda s: s["AssumeByDataSync"].update(Principal={"Federated": "accounts.example.com"})), REFUTED),
]  # fmt: skip


@pytest.mark.parametrize(
    ("theorem", "edit", "answer"), [(t, e, a) for t, _, e, a in LEAKS], ids=[f"{t} {n}" for t, n, _, _ in LEAKS]
)
def test_a_leak_is_told(theorem, edit, answer):
    """By both deciders, of which the slow one may not read a document; a refutation happens and fits twelve lines."""
    stack = Stack()
    edit(stack)
    found = context("us-prod", graph_of(stack.steps))
    verdict = THEOREMS[theorem].decide(found)
    assert verdict.answer is answer, [item.lines() for item in (*verdict.counterexamples, *verdict.missing)]
    assert THEOREMS[theorem].decide_slowly(found) in {answer, UNDECIDED}
    assert verdict.certificate == {}
    for example in verdict.counterexamples:
        assert len(example.lines()) <= 12
        assert _happens(theorem, found, example), example


def _happens(theorem, found, example):
    """Whether an independent evaluator confirms a counterexample; of what has none, whether it names a resource."""
    if theorem == "T4":
        return network.replay(read(found.graph, network.layout(found.declared)), example)
    if "document" in example.witness:
        return access.replayed(example)
    return bool(example.urn) or "answer" in example.what


def without(kind, name, path, sid):
    """A statement more than is needed."""
    return rewritten(kind, name, path, lambda s: s.update(More={**s[sid], "Sid": "More"}))


SAFE = {
    "a statement twice": without("BucketPolicy", "profiles-virginia", "policy", "DenyReading"),
    "another order of statements": bucket(lambda s: [s.update({sid: s.pop(sid)}) for sid in sorted(s)]),
    "a denial of everything": bucket(lambda s: s["DenyReading"].update(Action="s3:*", Resource="*")),
    "a denial in two": bucket(lambda s: (s.update(More={**s["DenyReading"], "Sid": "More", "Action": "s3:GetObjectV*"}), s["DenyReading"].update(Action=["s3:GetObject", "s3:GetObjectA*", "s3:GetObjectT*", "s3:ListM*"]))),
    "a denial for TLS, and one for all else": bucket(lambda s: (s.update(More={**s["DenyReading"], "Sid": "More", "Condition": {**s["DenyReading"]["Condition"], "Bool": {"aws:SecureTransport": "false"}}}), s["DenyReading"]["Condition"].update(StringNotEquals={"aws:SecureTransport": "false"}))),
    "nobody but by exclusion": bucket(lambda s: s["DenyReading"].update(NotResource="arn:aws:s3:::other")) ,
    "a narrower exception": bucket(lambda s: s["DenyReading"].pop("Condition")),
    "a key for fewer actions": key(lambda s: s["UseThroughS3"].update(Action=["kms:Decrypt"])),
    "a smaller pool": lambda s: s.state("SteeringPolicy", "api-a")["inputs"]["answers"].pop(),
    "one route for all peers": lambda s: s.state("RouteTable", "data-us-ashburn-1")["inputs"]["routeRules"].append({"destination": "10.0.0.0/8", "destinationType": "CIDR_BLOCK", "networkEntityId": UNKNOWN}),
    "a rule more": lambda s: s.put("NetworkSecurityGroupSecurityRule", "data-us-ashburn-1-to-services", description="other"),
    "statements in another order": lambda s: s.state("Policy", "storage-operators")["inputs"]["statements"].reverse(),
}  # fmt: skip


@pytest.mark.parametrize("edit", SAFE.values(), ids=SAFE)
def test_a_safe_rewrite_is_still_proved(edit):
    """The theorems are no comparison with what the program writes."""
    stack = Stack()
    edit(stack)
    if "NotResource" in str(stack.state("BucketPolicy", "profiles-virginia")["inputs"]["policy"]):
        rewritten("BucketPolicy", "profiles-virginia", "policy", lambda s: s["DenyReading"].pop("Resource"))(stack)
    found = context("us-prod", graph_of(stack.steps))
    told = [
        item.lines()
        for it in THEOREMS.values()
        for v in [it.decide(found)]
        for item in (*v.counterexamples, *v.missing)
    ]
    assert told == []
    assert all(it.decide_slowly(found) is Answer.PROVED for it in THEOREMS.values())
