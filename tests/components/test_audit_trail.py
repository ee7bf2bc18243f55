"""What the audit trail registers: exact values for both shipped stacks; that they are enough is for `infra.verify`."""

import json

import pytest

from infra.residency.audit import Stream
from infra.residency.watched import EVENT_TYPES, audit_filter
from tests.support.programs import configuration, shipped

BUCKET, CONNECTOR, LOG = (
    "oci:ObjectStorage/bucket:Bucket",
    "oci:Sch/connector:Connector",
    "oci:Logging/log:Log",
)
COMPARTMENT = "oci:Identity/compartment:Compartment"
KEYS = {"us-ashburn-1": "iad", "us-phoenix-1": "phx", "us-chicago-1": "ord"}
EDGES = {"us-ashburn-1", "us-phoenix-1"}

HTTP, PING = "oci:HealthChecks/httpMonitor:HttpMonitor", "oci:HealthChecks/pingMonitor:PingMonitor"


@pytest.fixture(params=["sandbox", "us-prod"])
def stack(request):
    """A shipped stack: its name, what it registers with ids, and its configuration."""
    return request.param, shipped(request.param, preview=False), configuration(request.param)["usdata:deployment"]


def test_a_bucket_for_logs_is_locked_encrypted_and_private(stack):
    """In the trail's compartment, under a key of its own there, with one rule and no versions."""
    _, made, deployment = stack
    buckets = {r.name: r.inputs for r in made.of_type(BUCKET) if r.name.startswith("audit-")}
    assert buckets.keys() == {f"audit-{region}" for region in deployment["oci"]["regions"]}
    for name, inputs in buckets.items():
        region = name.removeprefix("audit-")
        assert inputs == {
            "compartmentId": f"<{COMPARTMENT} audit.id>",
            "namespace": deployment["oci"]["objectStorageNamespace"],
            "name": f"usds-audit-{KEYS[region]}",
            "storageTier": "Standard",
            "accessType": "NoPublicAccess",
            "kmsKeyId": f"<oci:Kms/key:Key {name}.id>",
            "versioning": "Disabled",
            "objectEventsEnabled": True,
            "retentionRules": [
                {
                    "displayName": "audit",
                    "duration": {"timeAmount": str(deployment["audit"]["retentionDays"]), "timeUnit": "DAYS"},
                    "timeRuleLocked": f"{deployment['audit']['lockOn']}T23:59:59Z",
                }
            ],
            "definedTags": {"usds.owner": "usds", "usds.phase": "live", "usds.data-class": "protected"},
        }


def test_every_bucket_and_edge_is_logged(stack):
    """Reads and writes of each bucket that holds data, reads of the trail itself, answers and refusals of each edge."""
    _, made, _ = stack
    logs = {r.name: r.inputs["configuration"]["source"] for r in made.of_type(LOG) if not r.name.count("flows")}
    expected = {}
    for bucket in made.of_type(BUCKET):
        for category in ("read", "write"):
            if category == "read" or not bucket.name.startswith("audit-"):
                expected[f"{bucket.name}-{category}"] = ("objectstorage", category, bucket.inputs["name"])
    for region in EDGES:
        balancer = f"<oci:LoadBalancer/loadBalancer:LoadBalancer edge-{region}.id>"
        expected |= {f"edge-{region}-{it}": ("loadbalancer", it, balancer) for it in ("access", "error")}
        firewall = f"<oci:Waf/appFirewall:AppFirewall edge-{region}.id>"
        expected[f"edge-{region}-firewall-all"] = ("waf", "all", firewall)
    assert {name: (it["service"], it["category"], it["resource"]) for name, it in logs.items()} == expected
    assert {r.inputs["retentionDuration"] for r in made.of_type(LOG)} == {180}


def test_connectors_carry_every_log_group_into_the_bucket_of_their_region(stack):
    """One log group each; alarms and break-glass with a filter, all others with none."""
    _, made, deployment = stack
    found = {}
    for connector in made.of_type(CONNECTOR):
        (source,) = connector.inputs["source"]["logSources"]
        target, (task,) = connector.inputs["target"], connector.inputs.get("tasks", [None])
        assert target["kind"] == "objectStorage"
        found[connector.name] = (source["logGroupId"], target["bucket"], target["objectNamePrefix"], task is None)
    expected = {}
    for region in deployment["oci"]["regions"]:
        group = "<oci:Logging/logGroup:LogGroup {}.id>".format
        sources = {
            Stream.EVENTS: "_Audit_Include_Subcompartment",
            Stream.ALARMS: "_Audit_Include_Subcompartment",
            Stream.ACCESS: group(f"audit-{region}"),
            Stream.FLOWS: group(f"flows-{region}"),
        }
        if "sealedUsers" in deployment["audit"]:
            sources[Stream.BREAK_GLASS] = group(f"audit-{region}")
        if region in EDGES:
            sources[Stream.EDGE_FLOWS] = group(f"edge-flows-{region}")
        for stream, of in sources.items():
            whole = stream not in {Stream.ALARMS, Stream.BREAK_GLASS}
            expected[f"{stream}-{region}"] = (of, f"usds-audit-{KEYS[region]}", stream.value, whole)
    assert found == expected


def test_the_filters_are_the_kernels(stack):
    """Of alarms the watched calls, of break-glass the sealed users."""
    _, made, deployment = stack
    users = sorted(deployment["audit"].get("sealedUsers", {}).values())
    for connector in made.of_type(CONNECTOR):
        for task in connector.inputs.get("tasks", ()):
            named = [user for user in users if f"data.principalId='{user}'" in task["condition"]]
            expected = (audit_filter(), []) if connector.name.startswith("alarms-") else (task["condition"], users)
            assert (task["condition"], named) == expected


def test_alarms_are_told_to_every_subscriber_in_every_region(stack):
    """A topic a region, a subscription for each address, and two rules that tell the topic."""
    _, made, deployment = stack
    topics = {r.name: r.inputs["name"] for r in made.of_type("oci:Ons/notificationTopic:NotificationTopic")}
    assert topics == {f"alarms-{region}": f"usds-alarms-{KEYS[region]}" for region in deployment["oci"]["regions"]}
    told = {(r.inputs["topicId"], r.inputs["endpoint"]) for r in made.of_type("oci:Ons/subscription:Subscription")}
    ids = [f"<oci:Ons/notificationTopic:NotificationTopic {name}.id>" for name in topics]
    assert told == {(id_, address) for id_ in ids for address in deployment["audit"]["subscribers"].values()}
    for region, key in ((region, KEYS[region]) for region in deployment["oci"]["regions"]):
        rules = {r.name: r.inputs for r in made.of_type("oci:Events/rule:Rule") if r.name.endswith(region)}
        assert rules.keys() == {f"arrivals-{region}", f"changes-{region}"}
        arrivals, changes = (json.loads(rules[f"{what}-{region}"]["condition"]) for what in ("arrivals", "changes"))
        assert changes == {"eventType": list(EVENT_TYPES)}
        assert arrivals["data"] == {
            "additionalDetails": {"bucketName": [f"usds-audit-{key}"]},
            "resourceName": ["alarms/*", "break-glass/*"],
        }
        assert rules[f"changes-{region}"]["compartmentId"] == deployment["oci"]["tenancyId"]
        for rule in rules.values():
            (action,) = rule["actions"]["action"]
            assert (rule["isEnabled"], action["isEnabled"], action["actionType"]) == (True, True, "ONS")
            assert action["topicId"] == f"<oci:Ons/notificationTopic:NotificationTopic alarms-{region}.id>"


def test_each_monitor_has_an_alarm_where_it_reports(stack):
    """Of every hostname's and edge's monitor: on, its own metric, told to the topic of its region."""
    _, made, _ = stack
    providers = {r.name: r.provider.replace("oci-home-", "oci-") for r in made.of_type(HTTP) + made.of_type(PING)}
    expected = {
        (f'{probe}.isHealthy[1m]{{resourceDisplayName = "{r.inputs["displayName"]}"}}.groupBy(target).mean() < 0.5',
         providers[r.name])
        for probe, type_ in (("HTTP", HTTP), ("PING", PING))
        for r in made.of_type(type_)
    }  # fmt: skip
    alarms = made.of_type("oci:Monitoring/alarm:Alarm")
    assert len(alarms) == len(expected) > 2
    assert {(r.inputs["query"], r.provider) for r in alarms} == expected
    for alarm in alarms:
        region = alarm.provider.removeprefix("oci-")
        assert alarm.inputs["destinations"] == [f"<oci:Ons/notificationTopic:NotificationTopic alarms-{region}.id>"]
        assert (alarm.inputs["isEnabled"], alarm.inputs["namespace"]) == (True, "oci_healthchecks")


def test_audit_events_stay_as_long_as_they_can(stack):
    """Once in the tenancy, at home."""
    _, made, deployment = stack
    (configuration_,) = made.of_type("oci:Audit/configuration:Configuration")
    assert configuration_.inputs == {"compartmentId": deployment["oci"]["tenancyId"], "retentionPeriodDays": 365}
