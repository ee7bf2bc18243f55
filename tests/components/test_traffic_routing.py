"""What answers users: policies, attachments and the zone's own records, all over addresses of edges of this stack."""

import pytest

from tests.support.recorder import Recorded

ZONE = "oci:Dns/zone:Zone"
POLICY = "oci:Dns/steeringPolicy:SteeringPolicy"
ATTACHMENT = "oci:Dns/steeringPolicyAttachment:SteeringPolicyAttachment"
RRSET = "oci:Dns/rrset:Rrset"
MONITOR = "oci:HealthChecks/httpMonitor:HttpMonitor"
IAD, PHX = "us-ashburn-1", "us-phoenix-1"
ADDRESSES = {
    "A": {region: f"<oci:Core/publicIp:PublicIp edge-{region}.ipAddress>" for region in (IAD, PHX)},
    "AAAA": {region: f"<oci:Core/ipv6:Ipv6 edge-{region}.ipAddress>" for region in (IAD, PHX)},
}
ANSWERS = [(label, kind) for label in ("api", "share", "upload") for kind in ("A", "AAAA")]
ENABLED = {
    "ruleType": "FILTER",
    "defaultAnswerDatas": [{"answerCondition": "answer.isDisabled != true", "shouldKeep": True}],
}
LIMIT = {"ruleType": "LIMIT", "defaultCount": 1}
US = ["6252001", "5880801", "4043988", "4041468", "4566966", "5854968", "4796775"]


def values(**by_region: int) -> list[dict[str, object]]:
    """Answer data of edges."""
    regions = {"iad": IAD, "phx": PHX}
    return [{"answerCondition": f"answer.name == '{regions[key]}'", "value": v} for key, v in by_region.items()]


@pytest.mark.parametrize(("label", "kind"), ANSWERS)
def test_answers_are_addresses_of_edges_and_every_one_is_watched(edges: Recorded, label, kind):
    """The same addresses in the policy, in the zone's own records, and among the targets of the policy's monitor."""
    name = f"{label}-{kind.lower()}"
    policy, monitor, record = (edges.one(token, name).inputs for token in (POLICY, MONITOR, RRSET))
    assert {a["name"]: a["rdata"] for a in policy["answers"]} == ADDRESSES[kind]
    assert {(a["rtype"], a["pool"], a.get("isDisabled")) for a in policy["answers"]} == {(kind, "oci-us", None)}
    assert policy["healthCheckMonitorId"] == f"<{MONITOR} {name}.id>"
    assert sorted(monitor["targets"]) == sorted(ADDRESSES[kind].values())
    assert {item["rdata"] for item in record["items"]} == set(ADDRESSES[kind].values())
    assert {(item["domain"], item["rtype"], item["ttl"]) for item in record["items"]} == {
        (f"{label}.us.example.com", kind, 30)
    }


@pytest.mark.parametrize(("label", "kind"), ANSWERS)
def test_a_name_is_attached_after_its_own_records_are_there(edges: Recorded, label, kind):
    """One attachment for each, in this stack's zone; while it is replaced, the records answer."""
    attachment = edges.one(ATTACHMENT, f"{label}-{kind.lower()}")
    assert attachment.inputs == {
        "displayName": f"{label}-{kind.lower()}",
        "domainName": f"{label}.us.example.com",
        "steeringPolicyId": f"<{POLICY} {label}-{kind.lower()}.id>",
        "zoneId": f"<{ZONE} zone.id>",
    }
    assert edges.one(RRSET, f"{label}-{kind.lower()}").urn in attachment.dependencies


def test_nothing_else_is_in_the_zone(edges: Recorded):
    """The exact names and types of all records, and a signed zone for everybody."""
    assert {(r.inputs["domain"], r.inputs["rtype"]) for r in edges.of_type(RRSET)} == {
        *((f"{label}.us.example.com", kind) for label, kind in ANSWERS),
        ("us.example.com", "CAA"),
        ("us.example.com", "TXT"),
    }
    assert edges.one(RRSET, "zone-txt").inputs["items"][0]["rdata"] == '"v=spf1 -all"'
    (zone,) = edges.of_type(ZONE)
    wanted = {"name": "us.example.com", "zoneType": "PRIMARY", "scope": "GLOBAL", "dnssecState": "ENABLED"}
    assert {name: zone.inputs[name] for name in wanted} == wanted
    assert {r.type for r in edges.managed() if r.type.startswith("oci:Dns/")} == {ZONE, POLICY, ATTACHMENT, RRSET}


RULES = {
    "api": (
        "FAILOVER",
        [ENABLED, {"ruleType": "HEALTH"}, {"ruleType": "PRIORITY", "defaultAnswerDatas": values(iad=1, phx=2)}, LIMIT],
    ),
    "upload": (
        "LOAD_BALANCE",
        [
            ENABLED,
            {"ruleType": "HEALTH"},
            {"ruleType": "WEIGHTED", "defaultAnswerDatas": values(iad=70, phx=30)},
            LIMIT,
        ],
    ),
    "share": (
        "CUSTOM",
        [
            {
                "ruleType": "FILTER",
                "cases": [{"answerDatas": [{"answerCondition": "answer.pool == 'oci-us'", "shouldKeep": True}]}],
            },
            {"ruleType": "HEALTH"},
            {
                "ruleType": "PRIORITY",
                "cases": [
                    *(
                        {
                            "caseCondition": f"query.client.geoKey in (geoKey '{key}')",
                            "answerDatas": values(iad=1, phx=2),
                        }
                        for key in US
                    ),
                    {"answerDatas": values(phx=1, iad=2)},
                ],
            },
            LIMIT,
        ],
    ),
}


@pytest.mark.parametrize("label", RULES)
def test_rules_are_the_templates_own_and_leave_nothing_open(edges: Recorded, label):
    """Letter by letter: two templates that cannot leak, and one whose cases end with one that always works."""
    template, rules = RULES[label]
    for kind in ("a", "aaaa"):
        policy = edges.one(POLICY, f"{label}-{kind}").inputs
        assert (policy["template"], policy["rules"], policy["ttl"]) == (template, rules, 30)


def test_probes_ask_for_the_hostname_at_its_path(edges: Recorded):
    """Over TLS, every thirty seconds, with the name that the application answers for."""
    assert {
        (r.name, r.inputs["path"], r.inputs["headers"]["Host"], r.inputs["protocol"], r.inputs["intervalInSeconds"])
        for r in edges.of_type(MONITOR)
    } == {
        (f"{label}-{kind.lower()}", {"upload": "/ready"}.get(label, "/healthz"), f"{label}.us.example.com", "HTTPS", 30)
        for label, kind in ANSWERS
    }


def test_outputs_name_edges_hostnames_and_name_servers(edges: Recorded):
    """What the owner of the parent zone and the applications need; no address of anything else."""
    outputs = {name: edges.outputs[name] for name in ("edges", "hostnames", "zone")}
    assert outputs == {
        "edges": {region: {kind: ADDRESSES[kind][region] for kind in ("A", "AAAA")} for region in (IAD, PHX)},
        "hostnames": ["api.us.example.com", "share.us.example.com", "upload.us.example.com"],
        "zone": {"name": "us.example.com", "nameServers": f"<{ZONE} zone.nameservers>"},
    }
