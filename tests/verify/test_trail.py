"""The check of the audit trail over the resource graph: what is missing or could end it is found, a rewrite is not.

Each case starts from what the program registers for a shipped stack, with ids, and edits resources as no stack file
could. That the planner refuses stack files is for its own tests.
"""

# ruff: noqa: E501 - a case is a line

import pytest

from infra.verify.graph import UNKNOWN
from infra.verify.theorems import evidence
from infra.verify.trail import Rule, declared, leaks
from infra.verify.verdict import Answer
from tests.support.graphs import STACKS, Edited, context
from tests.support.programs import configuration

ALARM = "oci:Monitoring/alarm:Alarm"
AUDIT, BUCKET, CONNECTOR = (
    "oci:Audit/configuration:Configuration",
    "oci:ObjectStorage/bucket:Bucket",
    "oci:Sch/connector:Connector",
)
KEY, LOG, POLICY, RULE = "oci:Kms/key:Key", "oci:Logging/log:Log", "oci:Identity/policy:Policy", "oci:Events/rule:Rule"
SUBSCRIPTION, TOPIC = "oci:Ons/subscription:Subscription", "oci:Ons/notificationTopic:NotificationTopic"
HERE = "us-ashburn-1"


class Stack(Edited):
    """A shipped stack, production unless another is named, and what is found in it."""

    def __init__(self, name="us-prod") -> None:
        super().__init__(name)

    def found(self):
        """What the check finds."""
        return leaks(self.graph(), declared(configuration(self.name)["usdata:deployment"]))

    def answer(self):
        """What both deciders of evidence say, which is the same."""
        on = context(self.name, self.graph())
        answer = evidence.decide(on).answer
        assert evidence.decide_slowly(on) is answer
        return answer

    def rules(self):
        """The rules of it."""
        return {leak.rule for leak in self.found()}


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "known"])
@pytest.mark.parametrize("stack", STACKS)
def test_the_shipped_stacks_lose_nothing_from_sight(stack, preview):
    """Before anything exists, and with all ids known."""
    found = context(stack, preview=preview).graph
    assert leaks(found, declared(configuration(stack)["usdata:deployment"])) == ()


def test_a_stack_without_a_trail_is_a_leak():
    """Nothing declared is nothing kept."""
    deployment = {key: value for key, value in configuration("sandbox")["usdata:deployment"].items() if key != "audit"}
    assert [leak.rule for leak in leaks(context("sandbox").graph, declared(deployment))] == [Rule.DECLARED]


def test_an_emergency_without_a_watch_is_a_leak():
    """With a trail that names no sealed user, and without a trail."""
    deployment = configuration("us-prod")["usdata:deployment"]
    audit = {key: value for key, value in deployment["audit"].items() if key != "sealedUsers"}
    unsealed = declared(deployment | {"audit": audit})
    assert [leak.what for leak in leaks(context("us-prod").graph, unsealed)] == [
        "emergency may read in an emergency, and nobody is told who does"
    ]
    bare = declared({key: value for key, value in deployment.items() if key != "audit"})
    assert [leak.rule for leak in leaks(context("us-prod").graph, bare)] == [Rule.ALARM, Rule.DECLARED]


def put(type_, name, **inputs: object):
    """Other inputs."""
    return lambda stack: stack.state(type_, name)["inputs"].update(inputs)


def inside(type_, name, *path: str, value: object):
    """Another value inside an input."""

    def edit(stack):
        place = stack.state(type_, name)["inputs"]
        for key in path[:-1]:
            place = place[int(key)] if isinstance(place, list) else place[key]
        place[int(path[-1]) if isinstance(place, list) else path[-1]] = value

    return edit


def drop(type_, name):
    """One resource less."""

    def edit(stack):
        gone = stack.state(type_, name)["urn"]
        stack.steps = [step for step in stack.steps if step["urn"] != gone]

    return edit


def state(type_, name, **changes: object):
    """Other options."""
    return lambda stack: stack.state(type_, name).update(changes)


def say(statement, policy="security-officers"):
    """One more statement."""
    return lambda stack: stack.state(POLICY, policy)["inputs"]["statements"].append(statement)


def unpick(text, other="data.eventName='Nothing'"):
    """An alarm that picks something else."""

    def edit(stack):
        for task in (
            it
            for name in ("alarms", "break-glass")
            for it in stack.state(CONNECTOR, f"{name}-{HERE}")["inputs"]["tasks"]
        ):
            task["condition"] = task["condition"].replace(text, other)

    return edit


BUCKET_HERE, RETENTION = (
    f"audit-{HERE}",
    {"displayName": "audit", "duration": {"timeAmount": "730", "timeUnit": "DAYS"}},
)
LOCKED = {**RETENTION, "timeRuleLocked": "2026-12-20T23:59:59Z"}
FIRST = "ocid1.user.oc1..aaaaaaaam3kqzxw7rvt2nbyhp5dlcojf4gsue8iazqk6wrmtx5nvbpydlhqa"
WHERE = "where all {request.networkSource.name='usds-us-office', request.region='iad'}"
BREAKS = [
    ("audit events go sooner", put(AUDIT, "audit", retentionPeriodDays=90), {Rule.EVENTS}),
    ("audit events are not kept", drop(AUDIT, "audit"), {Rule.EVENTS}),
    ("audit events of a compartment", put(AUDIT, "audit", compartmentId="ocid1.compartment.oc1..x"), {Rule.EVENTS}),
    ("a region without a bucket", drop(BUCKET, BUCKET_HERE), {Rule.BUCKET, Rule.LOG, Rule.CONNECTOR, Rule.ALARM}),
    ("a bucket in another region", state(BUCKET, BUCKET_HERE, provider="urn:pulumi:test::usdata::pulumi:providers:oci::oci-us-phoenix-1::x"),
     {Rule.BUCKET, Rule.LOG, Rule.CONNECTOR, Rule.ALARM}),
    ("no retention rule", put(BUCKET, BUCKET_HERE, retentionRules=[]), {Rule.RETENTION}),
    ("a shorter retention", inside(BUCKET, BUCKET_HERE, "retentionRules", value=[{**LOCKED, "duration": {"timeAmount": "729", "timeUnit": "DAYS"}}]), {Rule.RETENTION}),
    ("a retention in a unit of its own", inside(BUCKET, BUCKET_HERE, "retentionRules", value=[{**LOCKED, "duration": {"timeAmount": "730", "timeUnit": "HOURS"}}]), {Rule.RETENTION}),
    ("a retention that is not known", put(BUCKET, BUCKET_HERE, retentionRules=UNKNOWN), {Rule.RETENTION}),
    ("a rule that is never locked", put(BUCKET, BUCKET_HERE, retentionRules=[RETENTION]), {Rule.RETENTION}),
    ("a short rule that is locked beside a long one that is not", put(BUCKET, BUCKET_HERE, retentionRules=[RETENTION, {**LOCKED, "duration": {"timeAmount": "1", "timeUnit": "DAYS"}}]), {Rule.RETENTION}),
    ("a rule that is locked later", put(BUCKET, BUCKET_HERE, retentionRules=[{**LOCKED, "timeRuleLocked": "2027-12-20T23:59:59Z"}]), {Rule.RETENTION}),
    ("a lock that is not known", put(BUCKET, BUCKET_HERE, retentionRules=[{**LOCKED, "timeRuleLocked": UNKNOWN}]), {Rule.RETENTION}),
    ("versions instead of retention", put(BUCKET, BUCKET_HERE, versioning="Enabled"), {Rule.RETENTION}),
    ("a bucket that anyone reads", put(BUCKET, BUCKET_HERE, accessType="ObjectRead"), {Rule.BUCKET}),
    ("a bucket beside the data", put(BUCKET, BUCKET_HERE, compartmentId="<oci:Identity/compartment:Compartment protected.id>"), {Rule.BUCKET}),
    ("a bucket that is not protected", state(BUCKET, BUCKET_HERE, protect=False), {Rule.BUCKET}),
    ("a bucket that is not kept", state(BUCKET, BUCKET_HERE, retainOnDelete=False), {Rule.BUCKET}),
    ("a bucket that tells nobody", put(BUCKET, BUCKET_HERE, objectEventsEnabled=False), {Rule.ALARM}),
    ("under the key of data", put(BUCKET, BUCKET_HERE, kmsKeyId=f"<oci:Kms/key:Key protected-{HERE}.id>"), {Rule.KEY}),
    ("under no key", put(BUCKET, BUCKET_HERE, kmsKeyId=""), {Rule.KEY}),
    ("a key among those of data", put(KEY, BUCKET_HERE, compartmentId="<oci:Identity/compartment:Compartment keys.id>"), {Rule.KEY}),
    ("reads that are not logged", drop(LOG, f"profiles-{HERE}-read"), {Rule.LOG}),
    ("writes that are not logged", drop(LOG, f"profiles-{HERE}-write"), {Rule.LOG}),
    ("reads of the trail that are not logged", drop(LOG, f"audit-{HERE}-read"), {Rule.LOG}),
    ("a log that is off", put(LOG, f"profiles-{HERE}-read", isEnabled=False), {Rule.LOG}),
    ("a log that may be off", put(LOG, f"profiles-{HERE}-read", isEnabled=UNKNOWN), {Rule.LOG}),
    ("a log of another bucket", inside(LOG, f"profiles-{HERE}-read", "configuration", "source", "resource", value="other"), {Rule.LOG}),
    ("a log in a group that goes nowhere", put(LOG, f"profiles-{HERE}-read", logGroupId="other"), {Rule.LOG}),
    ("a subnet that is not logged", drop(LOG, f"data-flows-{HERE}"), {Rule.LOG}),
    ("answers that are not logged", drop(LOG, f"edge-{HERE}-access"), {Rule.LOG}),
    ("refusals that are not logged", drop(LOG, f"edge-{HERE}-firewall-all"), {Rule.LOG}),
    ("logs of reads that stay where they are", drop(CONNECTOR, f"access-{HERE}"), {Rule.LOG}),
    ("flows that stay where they are", drop(CONNECTOR, f"flows-{HERE}"), {Rule.LOG}),
    ("a connector that is off", put(CONNECTOR, f"access-{HERE}", state="INACTIVE"), {Rule.LOG}),
    ("a connector that picks", put(CONNECTOR, f"access-{HERE}", tasks=[{"kind": "logRule", "condition": "data.x='y'"}]), {Rule.LOG}),
    ("a connector into data", inside(CONNECTOR, f"access-{HERE}", "target", "bucket", value="usds-profiles-iad"), {Rule.LOG}),
    ("a connector into a stream", inside(CONNECTOR, f"access-{HERE}", "target", "kind", value="streaming"), {Rule.LOG}),
    ("a connector nobody tagged", put(CONNECTOR, f"access-{HERE}", compartmentId="<oci:Identity/compartment:Compartment edge.id>"), {Rule.LOG}),
    ("events that stay where they are", drop(CONNECTOR, f"audit-events-{HERE}"), {Rule.CONNECTOR}),
    ("events of one compartment", inside(CONNECTOR, f"audit-events-{HERE}", "source", "logSources", "0", value={"compartmentId": "x", "logGroupId": "_Audit_Include_Subcompartment"}), {Rule.CONNECTOR}),
    ("events without what is inside", inside(CONNECTOR, f"audit-events-{HERE}", "source", "logSources", "0", value={"compartmentId": "x", "logGroupId": "_Audit"}), {Rule.CONNECTOR}),
    ("nobody watches keys", unpick("data.eventName='DisableKey'"), {Rule.ALARM}),
    ("nobody watches regions", unpick("data.eventName='CreateRegionSubscription'"), {Rule.ALARM}),
    ("nobody watches the trail", unpick("data.eventName='DeactivateServiceConnector'"), {Rule.ALARM}),
    ("nobody watches the Administrators", unpick("data.eventName='AddUserToGroup'"), {Rule.ALARM}),
    ("nobody watches a sealed user", unpick(f"data.principalId='{FIRST}'"), {Rule.ALARM}),
    ("alarms that cannot be read", unpick("data.eventName='UploadApiKey'", "data.eventName='UploadApiKey'x"), {Rule.ALARM}),
    ("a watch of two at once", unpick("data.eventName='DisableKey' or", "data.eventName='DisableKey' and"), {Rule.ALARM}),
    ("alarms under a name that nobody is told of", inside(CONNECTOR, f"alarms-{HERE}", "target", "objectNamePrefix", value="quiet"), {Rule.ALARM}),
    ("alarms that pass a second pick", lambda s: s.state(CONNECTOR, f"alarms-{HERE}")["inputs"]["tasks"].append({"kind": "logRule", "condition": "data.eventName='DisableKey'"}), {Rule.ALARM}),
    ("alarms from one log group", inside(CONNECTOR, f"alarms-{HERE}", "source", "logSources", "0", value={"compartmentId": "x", "logGroupId": f"<oci:Logging/logGroup:LogGroup audit-{HERE}.id>"}), {Rule.ALARM}),
    ("sealed users watched among flows", inside(CONNECTOR, f"break-glass-{HERE}", "source", "logSources", "0", value={"compartmentId": "x", "logGroupId": f"<oci:Logging/logGroup:LogGroup flows-{HERE}.id>"}), {Rule.ALARM}),
    ("arrivals in another bucket", put(RULE, f"arrivals-{HERE}", condition='{"eventType": ["com.oraclecloud.objectstorage.createobject"], "data": {"additionalDetails": {"bucketName": ["other"]}}}'), {Rule.ALARM}),
    ("arrivals in what is no bucket's name", put(RULE, f"arrivals-{HERE}", condition='{"eventType": ["com.oraclecloud.objectstorage.createobject"], "data": {"additionalDetails": "strange"}}'), {Rule.ALARM}),
    ("changes of what is no object", put(RULE, f"changes-{HERE}", condition='{"eventType": ["com.oraclecloud.identitycontrolplane.updatepolicy"], "data": "strange"}'), {Rule.ALARM}),
    ("arrivals from one source", put(RULE, f"arrivals-{HERE}", condition='{"eventType": ["com.oraclecloud.objectstorage.createobject"], "source": ["x"]}'), {Rule.ALARM}),
    ("changes of one compartment", put(RULE, f"changes-{HERE}", compartmentId="ocid1.compartment.oc1..x"), {Rule.ALARM}),
    ("changes of one policy", put(RULE, f"changes-{HERE}", condition='{"eventType": ["com.oraclecloud.identitycontrolplane.updatepolicy"], "data": {"resourceName": ["x"]}}'), {Rule.ALARM}),
    ("no alarms at all", drop(CONNECTOR, f"alarms-{HERE}"), {Rule.ALARM}),
    ("arrivals are not told", drop(RULE, f"arrivals-{HERE}"), {Rule.ALARM}),
    ("changes are not told", drop(RULE, f"changes-{HERE}"), {Rule.ALARM}),
    ("a rule that is off", put(RULE, f"changes-{HERE}", isEnabled=False), {Rule.ALARM}),
    ("a rule that nothing meets", put(RULE, f"changes-{HERE}", condition="{}"), {Rule.ALARM}),
    ("a rule that cannot be read", put(RULE, f"changes-{HERE}", condition="{"), {Rule.ALARM}),
    ("a rule that tells nothing", inside(RULE, f"changes-{HERE}", "actions", "action", value=[]), {Rule.ALARM}),
    ("somebody is not told", drop(SUBSCRIPTION, f"alarms-{HERE}-compliance"), {Rule.ALARM}),
    ("somebody else is told", put(SUBSCRIPTION, f"alarms-{HERE}-compliance", endpoint="x@example.com"), {Rule.ALARM}),
    ("a hostname's monitor that nobody hears", drop(ALARM, f"health-api-a-{HERE}"), {Rule.ALARM}),
    ("an edge's monitor that nobody hears", drop(ALARM, f"health-edge-{HERE}"), {Rule.ALARM}),
    ("a health alarm that is off", put(ALARM, f"health-api-a-{HERE}", isEnabled=False), {Rule.ALARM}),
    ("a health alarm that is silenced", put(ALARM, f"health-api-a-{HERE}", suppression={"timeSuppressFrom": "x"}), {Rule.ALARM}),
    ("a health alarm about nothing", put(ALARM, f"health-api-a-{HERE}", query='HTTP.isHealthy[1m]{resourceDisplayName = "api-a"}.groupBy(target).mean() < 0.01'), {Rule.ALARM}),
    ("a health alarm about another", put(ALARM, f"health-api-a-{HERE}", query='HTTP.isHealthy[1m]{resourceDisplayName = "live-a"}.groupBy(target).mean() < 0.5'), {Rule.ALARM}),
    ("a health alarm that is not known", put(ALARM, f"health-api-a-{HERE}", query=UNKNOWN), {Rule.ALARM}),
    ("a health alarm elsewhere", put(ALARM, f"health-api-a-{HERE}", metricCompartmentId="<oci:Identity/compartment:Compartment audit.id>"), {Rule.ALARM}),
    ("a health alarm that tells nobody", put(ALARM, f"health-api-a-{HERE}", destinations=[]), {Rule.ALARM}),
    ("a health alarm of other metrics", put(ALARM, f"health-api-a-{HERE}", namespace="oci_lbaas"), {Rule.ALARM}),
    ("deployers silence health", say(f"Allow group deployers to use alarms in compartment usds:audit {WHERE}"), {Rule.GRANT}),
    ("security switches logs off", say(f"Allow group security-officers to manage log-groups in compartment usds:audit {WHERE}"), {Rule.GRANT}),
    ("security switches logs off anywhere", say(f"Allow group security-officers to manage log-groups in tenancy {WHERE}"), {Rule.GRANT}),
    ("deployers change connectors", say(f"Allow group deployers to use serviceconnectors in compartment usds {WHERE}"), {Rule.GRANT}),
    ("deployers silence alarms", say(f"Allow group deployers to manage ons-topics in compartment usds:audit {WHERE}"), {Rule.GRANT}),
    ("retention is somebody's", say(f"Allow group deployers to {{RETENTION_RULE_MANAGE}} in compartment usds:audit {WHERE}"), {Rule.GRANT}),
    ("the trail's keys are somebody's", say(f"Allow group security-officers to {{KEY_DELETE}} in compartment usds:audit {WHERE}"), {Rule.GRANT}),
    ("the trail is read", say(f"Allow group auditors to read objects in compartment usds:audit {WHERE}"), {Rule.GRANT}),
    ("the trail is read by getting", say("Allow group auditors to read objects in compartment usds:audit where request.operation='GetObject'"), {Rule.GRANT}),
    ("the trail is listed", say(f"Allow group auditors to {{OBJECT_INSPECT}} in compartment usds:audit {WHERE}"), {Rule.GRANT}),
    ("a call more", say("Allow group deployers to manage serviceconnectors in compartment usds:audit where any {request.operation='CreateServiceConnector', request.operation='DeleteServiceConnector'}"), {Rule.GRANT}),
    ("a statement that cannot be read", say("Permit deployers anything"), {Rule.STATEMENT}),
    ("statements that are not known", put(POLICY, "deployers", statements=UNKNOWN), {Rule.STATEMENT}),
]  # fmt: skip


def test_enough_breaks():
    """At least fifteen, each with a name of its own, and each rule broken."""
    assert len({name for name, _, _ in BREAKS}) == len(BREAKS) >= 15
    assert {rule for _, _, rules in BREAKS for rule in rules} == set(Rule) - {Rule.DECLARED}


@pytest.mark.parametrize(
    ("break_", "expected"), [(it, rules) for _, it, rules in BREAKS], ids=[name for name, _, _ in BREAKS]
)
def test_what_could_be_done_unseen_is_found(break_, expected):
    """By exactly the rules that it breaks, and by the decider that lets everything happen; proved it is by none."""
    stack = Stack()
    break_(stack)
    assert stack.rules() == expected
    assert stack.answer() is not Answer.PROVED


HARMLESS = [
    ("a longer retention", put(BUCKET, BUCKET_HERE, retentionRules=[{**LOCKED, "duration": {"timeAmount": "3", "timeUnit": "YEARS"}}])),
    ("an earlier lock", put(BUCKET, BUCKET_HERE, retentionRules=[{**LOCKED, "timeRuleLocked": "2026-12-15T00:00:00Z"}])),
    ("a second rule", put(BUCKET, BUCKET_HERE, retentionRules=[LOCKED, {**RETENTION, "displayName": "more"}])),
    ("no word about versions", put(BUCKET, BUCKET_HERE, versioning=None)),
    ("a log that is kept shorter by itself", put(LOG, f"profiles-{HERE}-read", retentionDuration=30)),
    ("other names for people", put(CONNECTOR, f"access-{HERE}", displayName="x", description="y")),
    ("a connector that says it is on", put(CONNECTOR, f"access-{HERE}", state="ACTIVE")),
    ("another prefix", inside(CONNECTOR, f"access-{HERE}", "target", "objectNamePrefix", value="reads")),
    ("one call more is watched", unpick("data.eventName='DisableKey'", "data.eventName='DisableKey' or data.eventName='EnableKey'")),
    ("one more is told", put(TOPIC, f"alarms-{HERE}", description="more")),
    ("an auditor reads connectors", say(f"Allow group auditors to read serviceconnectors in compartment usds:audit {WHERE}")),
    ("a denial", say("Deny any-user to manage serviceconnectors in compartment usds:audit where request.region!='iad'")),
    ("logs of networks are somebody's", say(f"Allow group security-officers to manage log-groups in compartment usds:network {WHERE}")),
    ("creating more of it", say("Allow group deployers to manage serviceconnectors in compartment usds:audit where request.operation='CreateServiceConnector'")),
]  # fmt: skip


@pytest.mark.parametrize("edit", [edit for _, edit in HARMLESS], ids=[name for name, _ in HARMLESS])
def test_a_harmless_rewrite_is_none(edit):
    """What means the same, or more, is not refused."""
    stack = Stack()
    edit(stack)
    assert stack.found() == ()
    assert stack.answer() is Answer.PROVED
