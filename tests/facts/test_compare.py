"""Differences by facts: what counts, and what replaces. Proves the rules, not that a provider applies them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra import facts
from infra.facts.compare import UNKNOWN, Change, ChangeKind, compare, deletes_before_replace

LOCATION = "aws:datasync/locationObjectStorage:LocationObjectStorage"
BALANCER = "oci:LoadBalancer/loadBalancer:LoadBalancer"
V4, V6 = "ocid1.publicip.oc1.iad.a", "ocid1.ipv6.oc1.iad.a"
BUCKET = "oci:ObjectStorage/bucket:Bucket"
LIFECYCLE = "oci:ObjectStorage/objectLifecyclePolicy:ObjectLifecyclePolicy"
POLICY = "oci:Identity/policy:Policy"
KEY = "oci:Kms/key:Key"
TABLE = "oci:Core/routeTable:RouteTable"
SUBNET = "oci:Core/subnet:Subnet"
AWS_KEY = "aws:kms/key:Key"
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
PAB = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"


def changes(token: str, old: dict[str, Any], new: dict[str, Any], **more: Any) -> list[tuple[str, str, bool | None]]:
    """Differences as plain tuples."""
    known = facts.type_facts(token)
    assert known is not None
    return [(c.path, c.kind.value, c.replaces) for c in compare(known, old=old, new=new, **more)]


RULE = {"action": "DELETE", "isEnabled": True, "name": "r", "timeAmount": "30", "timeUnit": "DAYS"}


@pytest.mark.parametrize(
    ("token", "old", "new", "expected"),
    [
        pytest.param(BUCKET, {"name": "a"}, {"name": "b"}, [("name", "update", True)], id="force-new replaces"),
        pytest.param(
            BUCKET, {"compartmentId": "a"}, {"compartmentId": "b"}, [("compartmentId", "update", False)], id="moved"
        ),
        pytest.param(BUCKET, {"versioning": "Enabled"}, {}, [], id="computed input left out keeps its value"),
        pytest.param(BUCKET, {"accessType": "NoPublicAccess"}, {}, [], id="default left out"),
        pytest.param(
            BUCKET, {"accessType": "ObjectRead"}, {}, [("accessType", "delete", False)], id="default restored"
        ),
        pytest.param(BUCKET, {}, {"accessType": "NoPublicAccess"}, [], id="default written out"),
        pytest.param(BUCKET, {"metadata": {"a": "1"}}, {}, [("metadata", "delete", False)], id="removed"),
        pytest.param(BUCKET, {}, {"metadata": {"a": "1"}}, [("metadata", "add", False)], id="added"),
        pytest.param(
            BUCKET,
            {"metadata": {"a": "1", "b": "2"}},
            {"metadata": {"a": "2", "c": "3"}},
            [("metadata.a", "update", False), ("metadata.b", "delete", False), ("metadata.c", "add", False)],
            id="map keys",
        ),
        pytest.param(
            BUCKET,
            {"definedTags": {"Ops.Owner": "a", "Oracle-Tags.CreatedOn": "x"}},
            {"definedTags": {"ops.owner": "a"}},
            [],
            id="tag keys have no case, system tags do not count",
        ),
        pytest.param(
            BUCKET,
            {"definedTags": {"ops.owner": "a"}},
            {"definedTags": {"ops.owner": "b"}},
            [('definedTags["ops.owner"]', "update", False)],
            id="a key with a dot is quoted",
        ),
        pytest.param(
            LIFECYCLE,
            {"rules": [RULE, RULE | {"name": "s"}]},
            {"rules": [RULE | {"name": "s"}, RULE | {"timeAmount": "030"}]},
            [],
            id="a set has no order, and 030 is 30",
        ),
        pytest.param(
            LIFECYCLE,
            {"rules": [RULE]},
            {"rules": [RULE | {"timeAmount": "31"}]},
            [("rules[0]", "update", False)],
            id="an element of a set changed",
        ),
        pytest.param(
            LIFECYCLE,
            {"rules": [RULE]},
            {"rules": [RULE, RULE | {"name": "s"}]},
            [("rules[1]", "add", False)],
            id="an element of a set more",
        ),
        pytest.param(
            LIFECYCLE,
            {"rules": [RULE, RULE | {"name": "s"}]},
            {"rules": [RULE]},
            [("rules[1]", "delete", False)],
            id="an element of a set less",
        ),
        pytest.param(
            POLICY,
            {"statements": ["a", "b"]},
            {"statements": ["b", "a"]},
            [("statements[0]", "update", False), ("statements[1]", "update", False)],
            id="a list has an order",
        ),
        pytest.param(
            POLICY,
            {"statements": ["a", "b"]},
            {"statements": ["a"]},
            [("statements[1]", "delete", False)],
            id="shorter",
        ),
        pytest.param(
            POLICY, {"statements": ["a"]}, {"statements": ["a", "b"]}, [("statements[1]", "add", False)], id="longer"
        ),
        pytest.param(
            KEY,
            {"keyShape": {"algorithm": "AES", "length": 32}},
            {"keyShape": {"algorithm": "AES", "length": 16}},
            [("keyShape.length", "update", True)],
            id="a nested field replaces by its own flag",
        ),
        pytest.param(KEY, {"keyShape": {"length": 32}}, {"keyShape": {"length": 32.0}}, [], id="32 is 32.0"),
        pytest.param(SUBNET, {"dnsLabel": "Data"}, {"dnsLabel": "data"}, [], id="case-insensitive"),
        pytest.param(
            SUBNET,
            {"cidrBlock": "10.0.0.0/24"},
            {"cidrBlock": "10.0.1.0/24"},
            [("cidrBlock", "update", False)],
            id="a subnet's range updates",
        ),
        pytest.param(SUBNET, {"vcnId": "a"}, {"vcnId": UNKNOWN}, [("vcnId", "update", True)], id="unknown may differ"),
        pytest.param(AWS_KEY, {"enableKeyRotation": "true"}, {"enableKeyRotation": True}, [], id="booleans as strings"),
        pytest.param(
            BUCKET_POLICY,
            {"policy": '{"Statement": [{"Action": ["b", "a"], "Resource": ["r"]}]}'},
            {"policy": '{"Statement":{"Action":["a","b"],"Resource":"r"}}'},
            [],
            id="equal IAM policies",
        ),
        pytest.param(
            BUCKET_POLICY, {"policy": "{}"}, {"policy": "not json"}, [("policy", "update", False)], id="no json"
        ),
        pytest.param(
            PAB, {"unheardOf": 1}, {"unheardOf": 2}, [("unheardOf", "update", None)], id="no fact: may replace"
        ),
        pytest.param(BUCKET, {"__defaults": ["name"]}, {}, [], id="bookkeeping is no input"),
        pytest.param(
            BALANCER,
            {"reservedIps": [{"id": V4}]},
            {"reservedIps": [{"id": "ocid1.publicip.oc1.iad.b"}]},
            [("reservedIps[0].id", "update", True)],
            id="a load balancer keeps its address",
        ),
        pytest.param(
            BALANCER,
            {"reservedIps": [{"id": V4}], "ipMode": "IPV4"},
            {"reservedIps": [{"id": V4}, {"id": V6}], "ipMode": "IPV6"},
            [("ipMode", "update", False), ("reservedIps[1]", "add", False)],
            id="but may get one of the other family with its mode",
        ),
        pytest.param(
            BALANCER,
            {"reservedIps": [{"id": V4}]},
            {"reservedIps": [{"id": UNKNOWN}, {"id": V6}], "ipMode": "IPV6"},
            [("ipMode", "add", False), ("reservedIps[0].id", "update", True), ("reservedIps[1]", "add", True)],
            id="unknown may be another of the same family",
        ),
        pytest.param(
            BALANCER,
            {"reservedIps": [{"id": V4}], "ipMode": "IPV4"},
            {"reservedIps": [{"id": V4}, {"id": UNKNOWN}], "ipMode": "IPV6"},
            [("ipMode", "update", False), ("reservedIps[1]", "add", False)],
            id="there is one IPv4 address at most, so an unknown one beside it is of the other family",
        ),
        pytest.param(
            BALANCER,
            {"ipv6subnetCidr": "2001:db8::/64"},
            {"ipv6subnetCidr": "2001:db8:0:1::/64"},
            [("ipv6subnetCidr", "update", True)],
            id="a load balancer keeps its IPv6 prefix",
        ),
        pytest.param(
            LOCATION, {"agentArns": ["a"]}, {"agentArns": ["b"]}, [("agentArns[0]", "update", False)], id="other agents"
        ),
        pytest.param(LOCATION, {}, {"agentArns": ["a"]}, [("agentArns", "add", True)], id="agents after all"),
    ],
)
def test_changes(token, old, new, expected):
    """Each rule of the facts file yields exactly the expected differences."""
    assert changes(token, old, new) == expected


def test_value_that_the_cloud_chose():
    """Writing out the value the cloud had filled in is no change; another value is."""
    state = {"storageTier": "Standard"}
    assert changes(BUCKET, {}, {"storageTier": "Standard"}, state=state) == []
    assert changes(BUCKET, {}, {"storageTier": "Archive"}, state=state) == [("storageTier", "add", True)]


@pytest.mark.parametrize(
    ("ignore", "left"),
    [
        ("metadata", ["name"]),
        ("metadata.a", ['metadata["x.y"]', "name"]),
        ('metadata["x.y"]', ["metadata.a", "name"]),
        ("metadata[*]", ["name"]),
        ("meta", ["metadata.a", 'metadata["x.y"]', "name"]),
    ],
)
def test_ignored_paths(ignore, left):
    """An ignored path hides itself and what lies below it, and nothing else."""
    old = {"name": "a", "metadata": {"a": "1", "x.y": "1"}}
    new = {"name": "b", "metadata": {"a": "2", "x.y": "2"}}
    assert [path for path, _, _ in changes(BUCKET, old, new, ignore=[ignore])] == left


@pytest.mark.parametrize(
    ("token", "new", "expected"),
    [
        (BUCKET, {"name": "a"}, True),
        (BUCKET, {"name": "a-1234567", "__defaults": ["name"]}, False),
        (SUBNET, {"displayName": "a"}, False),
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", {}, True),
    ],
)
def test_deletes_before_replace(token, new, expected):
    """A name given by the program would collide with itself; a generated one would not."""
    known = facts.type_facts(token)
    assert known is not None
    assert deletes_before_replace(known, new) is expected


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4), st.sampled_from(sorted(facts.known_tokens())))
def test_nothing_differs_from_itself(values, token):
    """compare(x, x) is empty for any values, known properties or not."""
    known = facts.type_facts(token)
    assert known is not None
    named = dict(zip(known.inputs, values.values(), strict=False)) | values
    assert compare(known, old=named, new=named) == ()


@given(st.permutations([RULE | {"name": name} for name in "abcd"]))
def test_order_of_a_set_does_not_matter(rules):
    """Any permutation of a set is the same set."""
    assert changes(LIFECYCLE, {"rules": [RULE | {"name": name} for name in "abcd"]}, {"rules": rules}) == []


def test_change_is_a_plain_value():
    """Equal changes are equal, so callers can compare and sort them."""
    assert Change(path="a", kind=ChangeKind.ADD, replaces=None) == Change(path="a", kind=ChangeKind.ADD, replaces=None)
    assert repr(UNKNOWN) == "UNKNOWN"
