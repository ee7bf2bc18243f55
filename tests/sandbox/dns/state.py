# ruff: noqa: ANN002, ANN003 - builders of records take what a record has
"""A zone with one steered hostname and two edges, as it stands in the simulated clouds' file."""

from infra.sandbox.dns import tokens
from infra.sandbox.store import Record, Store

IAD, PHX, LEGACY = "192.0.2.1", "192.0.2.2", "203.0.113.9"
ENABLED = {
    "ruleType": "FILTER",
    "defaultAnswerDatas": [{"answerCondition": "answer.isDisabled != true", "shouldKeep": True}],
}
ORDER = {
    "ruleType": "PRIORITY",
    "defaultAnswerDatas": [
        {"answerCondition": "answer.name == 'iad'", "value": 1},
        {"answerCondition": "answer.name == 'phx'", "value": 2},
    ],
}
FAILOVER = {
    "template": "FAILOVER",
    "ttl": 30,
    "healthCheckMonitorId": "monitor",
    "answers": [{"name": "iad", "rtype": "A", "rdata": IAD}, {"name": "phx", "rtype": "A", "rdata": PHX}],
    "rules": [ENABLED, {"ruleType": "HEALTH"}, ORDER, {"ruleType": "LIMIT", "defaultCount": 1}],
}


def record(kind, id_, inputs, region="", **outputs):
    """A resource as it stands in the file."""
    return Record(
        cloud="oci", account="tenancy", region=region, type=kind, id=id_, name=None, inputs=inputs, outputs=outputs
    )


def rrset(domain, rtype, *rdata, ttl=300):
    """A record set of the zone."""
    items = [{"domain": domain, "rtype": rtype, "rdata": text, "ttl": ttl} for text in rdata]
    inputs = {"zoneNameOrId": "zone", "domain": domain, "rtype": rtype, "items": items}
    return record(tokens.RRSET, f"{domain}/{rtype}", inputs)


def balancer(name, region, *addresses):
    """A load balancer with public addresses."""
    details = [{"ipAddress": address, "isPublic": True} for address in addresses]
    return record(tokens.LOAD_BALANCER, name, {"displayName": name}, region, ipAddressDetails=details)


BASE = (
    record(tokens.ZONE, "zone", {"name": "us.example.com", "zoneType": "PRIMARY"}),
    rrset("api.us.example.com", "A", IAD, PHX),
    record(tokens.MONITOR, "monitor", {"targets": [IAD, PHX]}),
    record(tokens.STEERING_POLICY, "policy", FAILOVER),
    record(
        tokens.ATTACHMENT,
        "attachment",
        {"zoneId": "zone", "domainName": "api.us.example.com", "steeringPolicyId": "policy"},
    ),
    balancer("usds-edge-iad", "us-ashburn-1", IAD),
    balancer("usds-edge-phx", "us-phoenix-1", PHX),
    record(tokens.LOAD_BALANCER, "private", {"displayName": "private"}, "us-ashburn-1"),
)


def fill(database, *extra):
    """Write the base zone and more into a file; a later resource takes the place of an earlier one with its id."""
    store = Store(database)
    with store.changing() as clouds:
        for item in (*BASE, *extra):
            clouds.put(item)
    store.close()
    return database
