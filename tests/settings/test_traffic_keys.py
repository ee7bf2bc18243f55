"""The `traffic` part of a stack file: what is read from it, and what is refused for its shape.

What its values mean is tested with the planner (tests/residency/test_traffic.py).
"""

import pytest

from infra.residency.findings import Rule
from infra.residency.traffic_request import EdgeRequest, HostnameRequest, TrafficLimitsRequest, TrafficRequest
from infra.settings import read
from tests.settings.part import read_part, with_part

WHOLE = """\
zone: us.example.com
ttl: 60
probeInterval: 10
ipv6: true
edges:
  us-ashburn-1:
    certificateId: ocid1.certificate.oc1.iad.aaaaaaaa
    authorityId: ocid1.cabundle.oc1.iad.aaaaaaaa
    backendPort: 8443
    backends: {app-1: 10.16.32.10}
hostnames:
  api: {health: /healthz, weights: {us-ashburn-1: 70, us-phoenix-1: 30}}
  share: {health: /, others: us-phoenix-1}
records:
  "@": {CAA: {authority: '0 issue "ca.example"'}}
limits: {policies: 200, attachments: 300}
"""
LEAST = """\
zone: us.example.com
edges: {us-ashburn-1: {certificateId: c, authorityId: a, backendPort: 1, backends: {app: x}}}
hostnames: {api: {health: /}}
"""


def test_every_key_is_read():
    """Exactly the request that the text writes, flags and numbers as such."""
    assert read_part("traffic", WHOLE) == (
        TrafficRequest(
            zone="us.example.com",
            ttl=60,
            probe_interval=10,
            ipv6=True,
            edges={
                "us-ashburn-1": EdgeRequest(
                    certificate_id="ocid1.certificate.oc1.iad.aaaaaaaa",
                    authority_id="ocid1.cabundle.oc1.iad.aaaaaaaa",
                    backend_port=8443,
                    backends={"app-1": "10.16.32.10"},
                )
            },
            hostnames={
                "api": HostnameRequest(health="/healthz", weights={"us-ashburn-1": 70, "us-phoenix-1": 30}),
                "share": HostnameRequest(health="/", others="us-phoenix-1"),
            },
            records={"@": {"CAA": {"authority": '0 issue "ca.example"'}}},
            limits=TrafficLimitsRequest(policies=200, attachments=300),
        ),
        set(),
    )


def test_what_is_left_out_has_defaults_that_place_nothing():
    """TTL, interval, IPv6 off, no other records, Oracle's own limits."""
    request, findings = read_part("traffic", LEAST)
    assert findings == set()
    assert (request.ttl, request.probe_interval, request.ipv6, request.records) == (30, 30, False, {})
    assert request.limits == TrafficLimitsRequest(policies=100, attachments=1000)


def test_the_engine_sees_the_same_values():
    """What is compared with the engine's value: a flag is a truth value there, never a text."""
    file = read(with_part("traffic", WHOLE))
    assert file.value["traffic"]["ipv6"] is True
    assert file.value["traffic"]["hostnames"]["api"]["weights"] == {"us-ashburn-1": 70, "us-phoenix-1": 30}


def test_a_stack_without_traffic_answers_nobody():
    """The key is optional: data stacks below a global stack have none."""
    assert read_part("traffic", None) == (None, set())


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ("zone: us.example.com", "zones: us.example.com", ("traffic.zones", Rule.UNKNOWN_KEY)),
        ("zone: us.example.com", "ttl: 30", ("traffic.zone", Rule.MISSING_KEY)),
        ("zone: us.example.com", "zone: 5", ("traffic.zone", Rule.WRONG_TYPE)),
        ("zone:", "ipv6: 'true'\nzone:", ("traffic.ipv6", Rule.WRONG_TYPE)),
        ("zone:", "ipv6: yes\nzone:", ("traffic.ipv6", Rule.WRONG_TYPE)),
        ("zone:", "ipv6: {a: b}\nzone:", ("traffic.ipv6", Rule.WRONG_TYPE)),
        ("zone:", "ipv6: &a true\nzone:", None),
        ("zone:", "ttl: '30'\nzone:", ("traffic.ttl", Rule.WRONG_TYPE)),
        ("zone:", "records: [a]\nzone:", ("traffic.records", Rule.WRONG_TYPE)),
        ("zone:", "records: {}\nzone:", ("traffic.records", Rule.EMPTY_MAP)),
        ("zone:", "limits: {policy: 5}\nzone:", ("traffic.limits.policy", Rule.UNKNOWN_KEY)),
        ("health: /", "health: /, weight: {}", ("traffic.hostnames.api.weight", Rule.UNKNOWN_KEY)),
        ("health: /", "health: /, answer: 203.0.113.7", ("traffic.hostnames.api.answer", Rule.UNKNOWN_KEY)),
        (
            "health: /",
            "health: /, weights: {us-ashburn-1: 70.5}",
            ("traffic.hostnames.api.weights.us-ashburn-1", Rule.WRONG_TYPE),
        ),
        ("health: /", "others: us-phoenix-1", ("traffic.hostnames.api.health", Rule.MISSING_KEY)),
        ("backends: {app: x}", "backends: {}", ("traffic.edges.us-ashburn-1.backends", Rule.EMPTY_MAP)),
        ("backendPort: 1", "backendPort: one", ("traffic.edges.us-ashburn-1.backendPort", Rule.WRONG_TYPE)),
        ("certificateId: c, ", "privateKey: x, ", ("traffic.edges.us-ashburn-1.privateKey", Rule.UNKNOWN_KEY)),
        ("{api: {health: /}}", "{}", ("traffic.hostnames", Rule.EMPTY_MAP)),
    ],
)
def test_what_is_not_in_shape_is_refused(old, new, finding):
    """One change each; the finding names the place."""
    _, findings = read_part("traffic", LEAST.replace(old, new, 1))
    assert findings
    assert finding is None or finding in findings
