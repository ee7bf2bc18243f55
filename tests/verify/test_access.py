"""The check of access over the resource graph: a grant too many is found, a harmless rewrite is not.

Each case starts from what the program registers for a shipped stack and edits statements or resources as no stack file
could. That the planner refuses stack files is for its own tests; the legacy sites' policies are not looked at here.
"""

# ruff: noqa: E501 - a case is a line
from copy import deepcopy

import pytest

from infra.verify.graph import SECRET, UNKNOWN
from infra.verify.oracle.access import Declared, Rule, declared, leaks
from infra.verify.oracle.statements import UnreadableError, may_hold, parse
from infra.verify.sources.state import graph_of
from tests.components.test_backup_transfer import TRANSFER
from tests.residency.samples import GOOD, with_site
from tests.support.programs import configuration, planned, shipped

COMPARTMENT = "oci:Identity/compartment:Compartment"
GROUP, POLICY, SOURCE = (
    "oci:Identity/group:Group",
    "oci:Identity/policy:Policy",
    "oci:Identity/networkSource:NetworkSource",
)


class Stack:
    """A shipped stack's resources and declarations, to be edited."""

    def __init__(self, name: str) -> None:
        recorded = shipped(name, preview=False)
        self.declared: Declared = declared(configuration(name)["usdata:deployment"])
        self.all = {
            r.urn: {"urn": r.urn, "type": r.type, "inputs": deepcopy(dict(r.inputs))}
            for r in recorded.resources.values()
        }

    def inputs(self, type_, name):
        """The inputs of a resource."""
        (found,) = (r for r in self.all.values() if r["type"] == type_ and r["urn"].endswith(f"::{name}"))
        return found["inputs"]

    def add(self, type_, logical, **inputs: object):
        """One more resource."""
        urn = f"urn:pulumi:test::usdata::{type_}::{logical}"
        self.all[urn] = {"urn": urn, "type": type_, "inputs": inputs}

    def rewrite(self, policy, old, new):
        """Change a text in the statements of a policy, wherever it stands; it has to stand somewhere."""
        statements = self.inputs(POLICY, policy)["statements"]
        assert any(old in statement for statement in statements), statements
        self.inputs(POLICY, policy)["statements"] = [statement.replace(old, new) for statement in statements]

    def say(self, statement, policy="storage-operators"):
        """One more statement."""
        self.inputs(POLICY, policy)["statements"] = [*self.inputs(POLICY, policy)["statements"], statement]

    def found(self):
        """The rules of what the check finds."""
        return {leak.rule for leak in leaks(graph_of(self.all.values()), self.declared)}


@pytest.fixture
def stack():
    """The sandbox stack."""
    return Stack("sandbox")


@pytest.mark.parametrize("name", ["sandbox", "us-prod"])
def test_what_the_program_registers_grants_nothing_too_much(name):
    """Both shipped stacks; counted, so that this is not about no statement at all."""
    found = Stack(name)
    statements = [s for r in found.all.values() if r["type"] == POLICY for s in r["inputs"]["statements"]]
    assert leaks(graph_of(found.all.values()), found.declared) == ()
    assert len(statements) > 60


NET = "request.networkSource.name='usds-us-office'"
WHERE = f"where all {{{NET}, any {{request.region='iad', request.region='phx'}}}}"
OBJECTS = "{OBJECT_INSPECT, OBJECT_READ, OBJECT_OVERWRITE, OBJECT_CREATE, OBJECT_DELETE, OBJECT_RESTORE}"
CALLS = "any {request.operation='CreateReplicationPolicy', request.operation='PutObjectLifecyclePolicy'}"


def rewrite(policy, old, new):
    """A leak by another text."""
    return lambda stack: stack.rewrite(policy, old, new)


def say(statement, policy="storage-operators"):
    """A leak by one more statement."""
    return lambda stack: stack.say(statement, policy)


def add(type_, logical="more", **inputs: object):
    """A leak by one more resource."""
    return lambda stack: stack.add(type_, logical, **inputs)


def put(type_, name, **inputs: object):
    """A leak by another input."""
    return lambda stack: stack.inputs(type_, name).update(inputs)


def both(*edits: object):
    """Two edits that are a leak together."""
    return lambda stack: [edit(stack) for edit in edits]


OPERATORS = "storage-operators"
LEAKS = [
    ("the network is dropped", rewrite(OPERATORS, f"{NET}, ", ""), {Rule.NETWORK}),
    ("the regions are dropped", rewrite(OPERATORS, ", any {request.region='iad', request.region='phx'}", ""), {Rule.REGION}),
    ("every condition is dropped", rewrite(OPERATORS, f" {WHERE}", ""), {Rule.NETWORK, Rule.REGION}),
    ("all becomes any", rewrite(OPERATORS, "where all", "where any"), {Rule.NETWORK, Rule.REGION}),
    ("a region abroad", rewrite(OPERATORS, "request.region='phx'", "request.region='fra'"), {Rule.REGION}),
    ("a region by its name", rewrite(OPERATORS, "'iad', request.region='phx'", "'us-ashburn-1'"), {Rule.REGION}),
    ("a misspelt region", rewrite(OPERATORS, "'iad', request.region='phx'", "'idd'"), {Rule.REGION}),
    ("a US region that is not the stack's", rewrite(OPERATORS, "'phx'", "'sjc'"), {Rule.REGION}),
    ("not this region", rewrite(OPERATORS, "request.region='phx'", "request.region!='phx'"), {Rule.REGION}),
    ("another network", rewrite(OPERATORS, "usds-us-office", "usds-runners"), {Rule.NETWORK}),
    ("a network that is not there", rewrite(OPERATORS, "usds-us-office", "usds-cafe"), {Rule.NETWORK}),
    ("two networks", rewrite(OPERATORS, NET, f"any {{{NET}, request.networkSource.name='usds-runners'}}"), {Rule.NETWORK}),
    ("any but one network", rewrite(OPERATORS, f"{NET},", "request.networkSource.name!='usds-cafe',"), {Rule.NETWORK}),
    ("network or bucket", rewrite(OPERATORS, NET, f"any {{{NET}, target.bucket.name='usds-profiles-iad'}}"), {Rule.NETWORK}),
    ("networks before a letter", rewrite(OPERATORS, "networkSource.name='usds-us-office'", "networkSource.name before 'z'"), {Rule.STATEMENT}),
    ("any region but one of nobody", rewrite(OPERATORS, "request.region='phx'", "request.region!='\N{EM DASH}elsewhere'"), {Rule.STATEMENT}),
    ("permissions as another variable says", rewrite(OPERATORS, NET, f"{NET}, request.permission=target.bucket.name"), {Rule.STATEMENT}),
    ("any user", rewrite(OPERATORS, "group storage-operators", "any-user"), {Rule.SUBJECT}),
    ("any group", rewrite(OPERATORS, "group storage-operators", "any-group"), {Rule.SUBJECT}),
    ("a dynamic group", rewrite(OPERATORS, "group storage-operators", "dynamic-group machines"), {Rule.SUBJECT}),
    ("a group of another stack", rewrite(OPERATORS, "storage-operators", "interns"), {Rule.SUBJECT}),
    ("two groups", rewrite(OPERATORS, "group storage-operators", "group storage-operators, interns"), {Rule.SUBJECT}),
    ("a group by its id", rewrite(OPERATORS, "group storage-operators", "group id ocid1.group.oc1..a"), {Rule.STATEMENT}),
    ("a group that is a pattern", rewrite(OPERATORS, "group storage-operators", "group /storage-*/"), {Rule.STATEMENT}),
    ("the administrators", rewrite(OPERATORS, "group storage-operators", "group Administrators"), {Rule.SUBJECT}),
    ("data of the whole tenancy", rewrite(OPERATORS, "compartment usds:protected", "tenancy"), {Rule.COMPARTMENT}),
    ("a compartment by its id", rewrite(OPERATORS, "compartment usds:protected", "compartment id ocid1.x"), {Rule.STATEMENT}),
    ("a compartment outside", rewrite(OPERATORS, "usds:protected", "other:protected"), {Rule.COMPARTMENT}),
    ("a compartment that is not there", rewrite(OPERATORS, "usds:protected", "usds:sandbox"), {Rule.COMPARTMENT}),
    ("a compartment in another", rewrite("objectstorage-us-ashburn-1", "usds:keys", "usds:keys:protected"), {Rule.COMPARTMENT}),
    ("manage objects", rewrite(OPERATORS, OBJECTS, "manage objects"), {Rule.PERMISSION}),
    ("manage the family", rewrite(OPERATORS, OBJECTS, "manage object-family"), {Rule.PERMISSION}),
    ("manage buckets", say(f"Allow group {OPERATORS} to manage buckets in compartment usds:protected {WHERE}"), {Rule.PERMISSION}),
    ("everything", say(f"Allow group {OPERATORS} to manage all-resources in tenancy {WHERE}"),
     {Rule.FAMILY, Rule.COMPARTMENT, Rule.KEYS, Rule.SEPARATION}),
    ("pre-authenticated requests", rewrite(OPERATORS, "OBJECT_RESTORE", "PAR_MANAGE"), {Rule.PERMISSION}),
    ("older versions deleted", rewrite(OPERATORS, "OBJECT_RESTORE", "OBJECT_VERSION_DELETE"), {Rule.PERMISSION}),
    ("keys exported", rewrite("security-officers", "KEY_ROTATE", "KEY_EXPORT"), {Rule.PERMISSION}),
    ("vaults replicated", rewrite("security-officers", "VAULT_UPDATE", "VAULT_REPLICATE"), {Rule.PERMISSION}),
    ("keys used by their administrators", rewrite("security-officers", "KEY_ROTATE", "KEY_DECRYPT"), {Rule.KEYS}),
    ("keys managed whole", rewrite("security-officers", "{KEY_INSPECT, KEY_READ, VAULT_INSPECT, VAULT_READ, KEY_UPDATE, "
     "KEY_ROTATE, KEY_DELETE, VAULT_UPDATE, VAULT_DELETE}", "manage keys"), {Rule.PERMISSION, Rule.KEYS}),
    ("keys used by operators", say(f"Allow group {OPERATORS} to use keys in compartment usds:keys {WHERE}"), {Rule.KEYS}),
    ("operators change policies", say(f"Allow group {OPERATORS} to manage policies in tenancy {WHERE}"), {Rule.SEPARATION}),
    ("operators change networks", say(f"Allow group {OPERATORS} to use virtual-network-family in compartment usds:network {WHERE}"),
     {Rule.SEPARATION}),
    ("operators change groups", say(f"Allow group {OPERATORS} to manage groups in tenancy {WHERE}"), {Rule.SEPARATION}),
    ("operators change keys", say(f"Allow group {OPERATORS} to {{KEY_ROTATE}} in compartment usds:keys {WHERE}"), {Rule.SEPARATION}),
    ("operators change logs", say(f"Allow group {OPERATORS} to manage log-groups in compartment usds:network {WHERE}"),
     {Rule.SEPARATION}),
    ("security reads objects", say(f"Allow group security-officers to read objects in compartment usds:protected {WHERE}"),
     {Rule.SEPARATION}),
    ("security lists objects", say(f"Allow group security-officers to inspect objects in compartment usds:protected {WHERE}"),
     {Rule.SEPARATION}),
    ("the deployer's calls are dropped", rewrite("deployers", f", {CALLS}", ""), {Rule.SEPARATION}),
    ("the deployer reads", rewrite("deployers", "'PutObjectLifecyclePolicy'", "'GetObject'"), {Rule.SEPARATION}),
    ("the deployer calls anything but one", rewrite("deployers", CALLS, "request.operation!='GetObject'"), {Rule.SEPARATION}),
    ("an auditor changes policies and reads", both(
        say(f"Allow group auditors to read objects in compartment usds:protected {WHERE}"),
        say(f"Allow group auditors to manage policies in tenancy {WHERE}")), {Rule.SEPARATION}),
    ("separation by another spelling", both(
        say(f"Allow group Storage-Operators to manage policies in tenancy {WHERE}")), {Rule.SUBJECT, Rule.SEPARATION}),
    ("a connector of any type", rewrite("connectors", "request.principal.type='serviceconnector', ", ""), {Rule.SUBJECT}),
    ("a function instead", rewrite("connectors", "'serviceconnector'", "'fnfunc'"), {Rule.SUBJECT}),
    ("anything but a function", rewrite("connectors", "type='serviceconnector'", "type!='fnfunc'"), {Rule.SUBJECT}),
    ("connectors into any bucket", rewrite("connectors", "target.bucket.name='usds-audit-iad', ", ""), {Rule.SUBJECT}),
    ("connectors into data", rewrite("connectors", "'usds-audit-iad'", "'usds-profiles-iad'"), {Rule.SUBJECT}),
    ("connectors of anybody", rewrite("connectors", ", request.principal.compartment.tag.usds.sends='logs'", ""), {Rule.SUBJECT}),
    ("connectors of another tag", rewrite("connectors", "tag.usds.sends", "tag.usds.owner"), {Rule.SUBJECT}),
    ("connectors by any of it", rewrite("connectors", "where all", "where any"), {Rule.SUBJECT}),
    ("connectors that delete", rewrite("connectors", "OBJECT_OVERWRITE", "OBJECT_DELETE"), {Rule.PERMISSION}),
    ("connectors that manage", rewrite("connectors", "{OBJECT_INSPECT, OBJECT_CREATE, OBJECT_OVERWRITE}", "manage objects"),
     {Rule.PERMISSION}),
    ("connectors elsewhere", rewrite("connectors", "usds:audit", "usds:protected"), {Rule.COMPARTMENT}),
    ("a second compartment that sends", put(COMPARTMENT, "edge", definedTags={"usds.sends": "logs"}), {Rule.SUBJECT}),
    ("a second compartment that sends, in capitals", put(COMPARTMENT, "edge", definedTags={"USDS.Sends": "logs"}), {Rule.SUBJECT}),
    ("a second compartment whose tags are not shown", put(COMPARTMENT, "edge", definedTags=SECRET), {Rule.SUBJECT}),
    ("a second compartment whose tags are not known", put(COMPARTMENT, "edge", definedTags=UNKNOWN), {Rule.SUBJECT}),
    ("logs switched off by operators", say(f"Allow group {OPERATORS} to use serviceconnectors in compartment usds:audit {WHERE}"),
     {Rule.SEPARATION}),
    ("retention changed by operators", say(f"Allow group {OPERATORS} to {{RETENTION_RULE_MANAGE}} in compartment usds:audit {WHERE}"),
     {Rule.SEPARATION}),
    ("databases", say(f"Allow group {OPERATORS} to manage database-family in compartment usds:protected {WHERE}"), {Rule.FAMILY}),
    ("a bucket copied by a function", say(f"Allow group {OPERATORS} to manage functions-family in compartment usds:edge {WHERE}"),
     {Rule.FAMILY}),
    ("another service", rewrite("objectstorage-us-ashburn-1", "objectstorage-us-ashburn-1", "objectstorage-eu-frankfurt-1"),
     {Rule.SERVICE}),
    ("another US region's service", rewrite("objectstorage-us-ashburn-1", "service objectstorage-us-ashburn-1",
     "service objectstorage-us-sanjose-1"), {Rule.SERVICE}),
    ("the service without its permissions", rewrite("objectstorage-us-ashburn-1",
     " where any {request.permission='BUCKET_READ'", " where any {request.region='iad', request.permission='BUCKET_READ'"),
     {Rule.SERVICE}),
    ("the service's other powers", say("Allow service objectstorage-us-ashburn-1 to manage policies in compartment usds:edge"),
     {Rule.SERVICE}),
    ("the service's own keys", say("Allow service objectstorage-us-ashburn-1 to manage keys in compartment usds:keys"), {Rule.SERVICE}),
    ("the service in the tenancy", rewrite("objectstorage-us-ashburn-1", "compartment usds:protected", "tenancy"),
     {Rule.COMPARTMENT}),
    ("an export without its bucket", rewrite("metrics-export", "target.bucket.name='usds-metrics-iad', ", ""), {Rule.COMPARTMENT}),
    ("an export of another bucket", rewrite("metrics-export", "'usds-metrics-iad'", "'usds-profiles-iad'"), {Rule.COMPARTMENT}),
    ("an export until it is later elsewhere", rewrite("metrics-export", "2027-06-30T00:00:00Z", "2027-06-30T00:00:00-12:00"),
     {Rule.STATEMENT}),
    ("an export at any moment but two", rewrite("metrics-export", "request.utc-timestamp before '2027-06-30T00:00:00Z'",
     "request.utc-timestamp!='2027-06-30T00:00:00Z', request.utc-timestamp!='9999-12-31T00:00:00Z'"), {Rule.STATEMENT}),
    ("an export of any bucket but one", rewrite("metrics-export", "bucket.name='usds-metrics-iad'", "bucket.name!='x'"),
     {Rule.COMPARTMENT}),
    ("an export of a pattern", rewrite("metrics-export", "'usds-metrics-iad'", "/usds-*/"), {Rule.STATEMENT}),
    ("an export that does not end", rewrite("metrics-export", ", request.utc-timestamp before '2027-06-30T00:00:00Z'", ""), {Rule.ENDS}),
    ("an export that ends too late", rewrite("metrics-export", "2027-06-30", "2028-06-30"), {Rule.ENDS}),
    ("an export that begins instead", rewrite("metrics-export", "before", "after"), {Rule.ENDS}),
    ("an export in any region", rewrite("metrics-export", "request.region='iad', ", ""), {Rule.REGION}),
    ("an export that writes", rewrite("metrics-export", "read objects", "use objects"), {Rule.FAMILY}),
    ("a network of everybody", put(SOURCE, "us-office", publicSourceLists=["0.0.0.0/0"]), {Rule.NETWORK}),
    ("a network of half of everybody", put(SOURCE, "us-office", publicSourceLists=["198.51.100.0/24", "128.0.0.0/1"]), {Rule.NETWORK}),
    ("a network that is no network", put(SOURCE, "us-office", publicSourceLists=["office"]), {Rule.NETWORK}),
    ("a network that is not known", put(SOURCE, "us-office", publicSourceLists=UNKNOWN), {Rule.NETWORK}),
    ("a network by a VCN", put(SOURCE, "us-office", virtualSourceLists=[{"vcnId": "x"}]), {Rule.NETWORK}),
    ("statements that are not known", put(POLICY, OPERATORS, statements=UNKNOWN), {Rule.STATEMENT}),
    ("one statement that is not known", say(UNKNOWN), {Rule.STATEMENT}),
    ("another tenancy let in", say("Admit group A of tenancy T to read objects in compartment usds:protected"), {Rule.STATEMENT}),
    ("endorsed elsewhere", say(f"Endorse group {OPERATORS} to manage objects in any-tenancy"), {Rule.STATEMENT}),
    ("a statement with a tail", say(f"Allow group {OPERATORS} to read quotas in tenancy {WHERE} or else"), {Rule.STATEMENT}),
    ("a machine by a rule", add("oci:Identity/dynamicGroup:DynamicGroup", name="machines"), {Rule.TYPE}),
    ("a pre-authenticated request", add("oci:ObjectStorage/preauthrequest:Preauthrequest", bucket="usds-profiles-iad"), {Rule.TYPE}),
    ("a long-lived key", add("oci:Identity/apiKey:ApiKey"), {Rule.TYPE}),
    ("a federation", add("oci:Identity/identityProvider:IdentityProvider"), {Rule.TYPE}),
]  # fmt: skip


WINDOW = "request.utc-timestamp after '2026-11-24T14:00:00Z', request.utc-timestamp before '2026-11-24T18:00:00Z'"
APPROVED = (
    "Allow group emergency to {OBJECT_INSPECT, OBJECT_READ} in compartment usds:protected where all "
    "{request.networkSource.name='usds-us-office', any {request.region='iad', request.region='phx'}, "
    f"target.bucket.tag.usds.data-class='protected', target.bucket.name='usds-profiles-iad', {WINDOW}}}"
)
BREAK_GLASS = [
    ("as it was approved", "", "", set()),
    ("without an end", ", request.utc-timestamp before '2026-11-24T18:00:00Z'", "", {Rule.ENDS}),
    ("without a beginning", "request.utc-timestamp after '2026-11-24T14:00:00Z', ", "", {Rule.ENDS}),
    ("without a window", f", {WINDOW}", "", {Rule.ENDS}),
    ("for two days", "2026-11-24T18", "2026-11-26T14", {Rule.ENDS}),
    ("between moments that are none", "2026-11-24T14:00:00Z", "soon", {Rule.STATEMENT}),
    ("until it is later elsewhere", "18:00:00Z", "18:00:00-12:00", {Rule.STATEMENT}),
    (
        "but at two moments",
        WINDOW,
        "request.utc-timestamp!='1970-01-01T00:00:00Z', request.utc-timestamp!='9999-12-31T00:00:00Z'",
        {Rule.STATEMENT},
    ),
    ("on the last day there is", WINDOW, WINDOW.replace("2026-11-24T1", "9999-12-31T1"), set()),
    (
        "for an hour each of two months",
        WINDOW,
        f"any {{all {{{WINDOW}}}, all {{{WINDOW.replace('-11-', '-12-')}}}}}",
        {Rule.ENDS},
    ),
    ("from later than it says first", WINDOW, f"request.utc-timestamp after '2026-01-01T00:00:00Z', {WINDOW}", set()),
    ("either end will do", WINDOW, f"any {{{WINDOW}}}", {Rule.ENDS}),
    ("of any bucket", ", target.bucket.name='usds-profiles-iad'", "", {Rule.COMPARTMENT}),
    ("of any bucket but one", "target.bucket.name='", "target.bucket.name!='", {Rule.COMPARTMENT}),
    (
        "of any bucket with a tag",
        "'protected', target",
        "'protected', any {request.region='iad', target",
        {Rule.STATEMENT},
    ),
    ("from anywhere", "request.networkSource.name='usds-us-office', ", "", {Rule.NETWORK}),
    ("in any region", "any {request.region='iad', request.region='phx'}, ", "", {Rule.REGION}),
    ("and writes", "OBJECT_READ", "OBJECT_READ, OBJECT_OVERWRITE", {Rule.PERMISSION}),
    ("by a verb", "{OBJECT_INSPECT, OBJECT_READ}", "read objects", {Rule.PERMISSION}),
    ("and reads names only", "OBJECT_INSPECT, OBJECT_READ", "OBJECT_INSPECT", set()),
    ("for an hour", "2026-11-24T18", "2026-11-24T15", set()),
    ("for a whole day", "2026-11-24T18", "2026-11-25T14", set()),
]


@pytest.mark.parametrize(
    ("old", "new", "expected"), [row[1:] for row in BREAK_GLASS], ids=[row[0] for row in BREAK_GLASS]
)
def test_break_glass_is_named_buckets_and_a_day_at_most(old, new, expected):
    """Whoever signed: what is registered for an approval ends within a day of its beginning, and reads only."""
    made = Stack("us-prod")
    assert old in APPROVED
    made.add(POLICY, "emergency", name="usds-emergency", statements=[APPROVED.replace(old, new, 1)])
    assert made.found() == expected


def test_what_copies_backups_is_declared_and_no_more():
    """Its group reads from its own network; from another one it is found."""
    request = with_site(GOOD, "virginia", transfer=TRANSFER)
    recorded = planned(request, preview=False)
    resources = [
        {"urn": r.urn, "type": r.type, "inputs": deepcopy(dict(r.inputs))} for r in recorded.resources.values()
    ]
    site = {"phase": "backup", "transfer": {}}
    known = declared({
        "organization": "usds",
        "oci": {"regions": {name: {"role": it.role} for name, it in request.oci.regions.items()}},
        "datasets": {"metrics": {"export": {"group": "capacity-planners"}, "expires": "2027-06-30"}},
        "legacy": {"sites": {"virginia": site, "singapore": {"phase": "backup"}}},
    })  # fmt: skip
    assert leaks(graph_of(resources), known) == ()
    (policy,) = (it for it in resources if it["urn"].endswith(f"{POLICY}::transfer-virginia"))
    policy["inputs"]["statements"] = [
        it.replace("'usds-transfer-virginia'", "'usds-cafe'") for it in policy["inputs"]["statements"]
    ]
    assert {leak.rule for leak in leaks(graph_of(resources), known)} == {Rule.NETWORK}


def test_each_export_ends_with_its_own_exception(stack):
    """A group with two of them: the later end of the one is none of the other's."""
    (metrics,) = stack.declared.exports
    other = metrics._replace(buckets=frozenset({"usds-logins-iad"}), until="2028-06-30")
    stack.declared = stack.declared._replace(exports=(metrics, other))
    assert stack.found() == set()
    stack.rewrite("metrics-export", "2027-06-30", "2028-06-30")
    assert stack.found() == {Rule.ENDS}
    stack.rewrite("metrics-export", "usds-metrics-iad", "usds-logins-iad")
    assert stack.found() == set()


def test_enough_leaks():
    """At least sixty, each with a name of its own."""
    assert len({name for name, _, _ in LEAKS}) == len(LEAKS) >= 60


@pytest.mark.parametrize(
    ("leak", "expected"), [(leak, rules) for _, leak, rules in LEAKS if rules], ids=[n for n, _, r in LEAKS if r]
)
def test_a_grant_too_many_is_found(stack, leak, expected):
    """By exactly the rules that it breaks."""
    leak(stack)
    assert stack.found() == expected


REGIONS = "any {request.region='iad', request.region='phx'}"
READ = f"Allow group auditors to read quotas in tenancy {WHERE}"
HARMLESS = [
    ("conditions in another order", rewrite(OPERATORS, WHERE, f"where all {{{REGIONS}, {NET}}}")),
    ("regions in another order", rewrite(OPERATORS, REGIONS, "any {request.region='phx', request.region='iad'}")),
    ("one region only", rewrite(OPERATORS, REGIONS, "request.region='iad'")),
    ("a region twice", rewrite(OPERATORS, REGIONS, "any {request.region='iad', request.region='iad', request.region='phx'}")),
    ("all around all", rewrite(OPERATORS, NET, f"all {{{NET}}}")),
    ("any around one", rewrite(OPERATORS, NET, f"any {{{NET}}}")),
    ("a bucket more", rewrite(OPERATORS, NET, f"{NET}, target.bucket.name='usds-profiles-iad'")),
    ("not one bucket", rewrite(OPERATORS, NET, f"{NET}, target.bucket.name!='usds-profiles-iad'")),
    ("an end", rewrite(OPERATORS, NET, f"{NET}, request.utc-timestamp before '2027-01-01T00:00:00Z'")),
    ("a named permission", rewrite(OPERATORS, NET, f"{NET}, request.permission='OBJECT_READ'")),
    ("regions in capitals", rewrite(OPERATORS, "='iad'", "='IAD'")),
    ("the variable in small letters", rewrite(OPERATORS, "networkSource", "networksource")),
    ("small words", rewrite(OPERATORS, "Allow group", "allow group")),
    ("capital words", rewrite(OPERATORS, " where all ", " WHERE ALL ")),
    ("more blanks", rewrite(OPERATORS, " to ", "   to  ")),
    ("no blanks in braces", rewrite(OPERATORS, ", request.region", ",request.region")),
    ("a quoted group", rewrite(OPERATORS, "group storage-operators", "group 'storage-operators'")),
    ("fewer permissions", rewrite(OPERATORS, ", OBJECT_DELETE", "")),
    ("permissions in another order", rewrite(OPERATORS, "OBJECT_INSPECT, OBJECT_READ", "OBJECT_READ, OBJECT_INSPECT")),
    ("read instead of permissions", rewrite(OPERATORS, OBJECTS, "read objects")),
    ("use instead of permissions", rewrite(OPERATORS, OBJECTS, "use objects")),
    ("inspect instead of permissions", rewrite(OPERATORS, OBJECTS, "inspect objects")),
    ("a statement twice", say(READ, "auditors")),
    ("fewer statements", put(POLICY, "auditors", statements=[READ])),
    ("no statement", put(POLICY, "auditors", statements=[])),
    ("a denial", say("Deny any-user to manage objects in compartment usds:protected where request.region!='iad'")),
    ("an export that ends sooner", rewrite("metrics-export", "2027-06-30", "2027-01-31")),
    ("an export that only inspects less", rewrite("metrics-export", "where all {", "where all {target.object.name='a', ")),
    ("one of the deployer's calls", rewrite("deployers", CALLS, "request.operation='CreateReplicationPolicy'")),
    ("connectors that need not look", rewrite("connectors", "OBJECT_INSPECT, ", "")),
    ("connectors with a region", rewrite("connectors", "where all {", "where all {request.region='iad', ")),
    ("a narrower network", put(SOURCE, "us-office", publicSourceLists=["198.51.100.0/28"])),
    ("an address", put(SOURCE, "us-office", publicSourceLists=["198.51.100.7"])),
    ("a network more", put(SOURCE, "us-office", publicSourceLists=["198.51.100.0/24", "192.0.2.0/24"])),
    ("another description", put(GROUP, OPERATORS, description="people")),
    ("a group without statements", add(GROUP, "guests", name="guests")),
    ("a tag", put(GROUP, OPERATORS, freeformTags={"team": "storage"})),
    ("services in their own statements", rewrite("objectstorage-us-ashburn-1", "use keys", "read keys")),
]  # fmt: skip


def test_enough_harmless_rewrites():
    """At least thirty, each with a name of its own."""
    assert len({name for name, _ in HARMLESS}) == len(HARMLESS) >= 30


@pytest.mark.parametrize("edit", [edit for _, edit in HARMLESS], ids=[name for name, _ in HARMLESS])
def test_a_harmless_rewrite_is_none(stack, edit):
    """What means the same, or less, is not refused."""
    edit(stack)
    assert stack.found() == set()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "allow or deny"),
        ("Allow", "a group"),
        ("Allow group", "a name"),
        ("Allow group a, to read quotas in tenancy", "expected to"),
        ("Allow group a to look quotas in tenancy", "a verb"),
        ("Allow group a to read usds:audit in tenancy", "no resource type"),
        ("Allow group a to {BUCKET_READ in tenancy", "expected }"),
        ("Allow group a to read quotas", "expected in"),
        ("Allow group a to read quotas in house", "tenancy or compartment"),
        ("Allow group a to read quotas in compartment 'house'", "no compartment's plain name"),
        ("Allow group a to read quotas in tenancy where", "a condition"),
        ("Allow group a to read quotas in tenancy where all {}", "a condition"),
        ("Allow group a to read quotas in tenancy where all request.region='iad'", "expected {"),
        ("Allow group a to read quotas in tenancy where request.region", "expected =, !="),
        ("Allow group a to read quotas in tenancy where request.region='iad", "cannot be read"),
        ("Allow group a to read quotas in tenancy where request.region=", "a value"),
        ("Allow group a to read quotas in tenancy where request.region=''", "no plain text"),
        ("Allow group a to read quotas in tenancy or so", "unexpected"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_where(text, why):
    """A statement is read whole or not at all."""
    with pytest.raises(UnreadableError, match=why):
        parse(text)


@pytest.mark.parametrize(
    ("where", "time", "holds"),
    [
        ("request.utc-timestamp before '2027-06-30T00:00:00Z'", "2027-06-29T23:59:59Z", True),
        ("request.utc-timestamp before '2027-06-30T00:00:00Z'", "2027-06-30T00:00:00Z", False),
        ("request.utc-timestamp after '2027-06-30T00:00:00Z'", "2027-06-30T00:00:01Z", True),
        ("request.utc-timestamp after '2027-06-30T00:00:00Z'", "2027-06-30T00:00:00Z", False),
    ],
)
def test_times(where, time, holds):
    """Before and after exclude the moment itself."""
    condition = parse(f"Allow group a to read quotas in tenancy where {where}").condition
    assert may_hold(condition, {"request.utc-timestamp": time}) is holds
