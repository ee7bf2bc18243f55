"""Duties: exactly what each lets a group do, from where, and that none both touches data and changes its guards."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.residency.compartment import Compartment
from infra.residency.duties import Duty, Overlap, statements, together
from infra.residency.oracle_policy import Equals, Group, OneOf, Permissions, Statement, Variable, Verbs
from infra.residency.oracle_powers import Power, powers
from infra.residency.oracle_vocabulary import Family, Permission, Verb
from infra.residency.regions import UsRegion

REGIONS = (UsRegion.PHOENIX, UsRegion.ASHBURN)
_WHERE = " where all {request.networkSource.name='usds-us-office', any {request.region='iad', request.region='phx'}"


def of(duty: Duty) -> tuple[Statement, ...]:
    """What a group of operators with a duty may do."""
    return statements(duty, group="operators", organization="usds", network_source="usds-us-office", regions=REGIONS)


def short(statement: Statement) -> str:
    """A statement without what all of them begin with and are conditioned by."""
    text = statement.text()
    assert text.startswith("Allow group operators to ")
    before, _, after = text.removeprefix("Allow group operators to ").partition(_WHERE)
    assert after.endswith("}")
    return (before + after[:-1]).replace("request.operation=", "")


_BUCKETS = "{BUCKET_INSPECT, BUCKET_READ}"
_CONFIGURE = "{BUCKET_INSPECT, BUCKET_READ, BUCKET_UPDATE, BUCKET_CREATE, BUCKET_DELETE}"
_OBJECTS = "{OBJECT_INSPECT, OBJECT_READ, OBJECT_OVERWRITE, OBJECT_CREATE, OBJECT_DELETE, OBJECT_RESTORE}"
_KEYS = "KEY_INSPECT, KEY_READ, VAULT_INSPECT, VAULT_READ"
_LOG_CALLS = "'CreateLogGroup', 'GetLogGroup', 'ListLogGroups', 'CreateLog', 'GetLog', 'ListLogs'"
_AUDIT_BUCKETS = "BUCKET_INSPECT, BUCKET_READ, BUCKET_CREATE, BUCKET_UPDATE, RETENTION_RULE_MANAGE, RETENTION_RULE_LOCK"
_AUDIT_BUCKET_CALLS = "'CreateBucket', 'GetBucket', 'CreateRetentionRule', 'GetRetentionRule', 'ListRetentionRules'"
_AUDIT_KEYS = f"{_KEYS}, KEY_CREATE, VAULT_CREATE_KEY, VAULT_CREATE"
_AUDIT_KEY_CALLS = "'CreateVault', 'GetVault', 'CreateKey', 'GetKey'"
_CONNECTOR_CALLS = "'CreateServiceConnector', 'GetServiceConnector', 'ListServiceConnectors'"
_TOPIC_CALLS = "'CreateTopic', 'GetTopic', 'CreateSubscription', 'GetSubscription'"
_DATA = ("usds:protected", "usds:excepted", "usds:public")
_EDGE = ("load-balancers", "dns", "waf-family", "health-check-family")
_IDENTITY = ("compartments", "groups", "network-sources", "policies", "tag-namespaces")

TABLE = {
    Duty.STORAGE: {f"{what} in compartment {place}" for place in _DATA for what in (_BUCKETS, _OBJECTS)},
    Duty.NETWORK: {
        "manage virtual-network-family in compartment usds:network",
        "manage virtual-network-family in compartment usds:edge",
        *(f"manage {family} in compartment usds:edge" for family in _EDGE),
    },
    Duty.SECURITY: {
        f"{{{_KEYS}, KEY_UPDATE, KEY_ROTATE, KEY_DELETE, VAULT_UPDATE, VAULT_DELETE}} in compartment usds:keys",
        *(
            f"manage {family} in tenancy"
            for family in ("cloud-guard-family", "groups", "network-sources", "policies", "quotas")
        ),
        "manage log-groups in compartment usds:network",
    },
    Duty.DEPLOYMENT: {
        *(f"manage {family} in tenancy" for family in (*_IDENTITY, "quotas")),
        *(f"{_CONFIGURE} in compartment {place}" for place in _DATA),
        *(
            f"{_OBJECTS} in compartment {place}, any {{'CreateReplicationPolicy', 'PutObjectLifecyclePolicy'}}"
            for place in _DATA
        ),
        f"{{{_KEYS}, KEY_CREATE, KEY_UPDATE, VAULT_CREATE_KEY, VAULT_CREATE, VAULT_UPDATE}} in compartment usds:keys",
        "use key-delegate in compartment usds:keys",
        "manage virtual-network-family in compartment usds:network",
        "manage virtual-network-family in compartment usds:edge",
        *(f"manage {family} in compartment usds:edge" for family in _EDGE),
        f"manage log-groups in compartment usds:network, any {{{_LOG_CALLS}}}",
        # Of the audit trail every part can be created, and none changed.
        f"{{{_AUDIT_BUCKETS}}} in compartment usds:audit, any {{{_AUDIT_BUCKET_CALLS}}}",
        f"{{{_AUDIT_KEYS}}} in compartment usds:audit, any {{{_AUDIT_KEY_CALLS}}}",
        "use key-delegate in compartment usds:audit",
        f"manage log-groups in compartment usds:audit, any {{{_LOG_CALLS}}}",
        f"manage serviceconnectors in compartment usds:audit, any {{{_CONNECTOR_CALLS}}}",
        *(
            f"manage {family} in compartment usds:audit, any {{{_TOPIC_CALLS}}}"
            for family in ("ons-topics", "ons-subscriptions")
        ),
        "manage alarms in compartment usds:audit, any {'CreateAlarm', 'GetAlarm'}",
        "read metrics in compartment usds:edge",
        "manage cloudevents-rules in tenancy, any {'CreateRule', 'GetRule', 'ListRules'}",
    },
    Duty.AUDIT: {
        *(
            f"read {family} in tenancy"
            for family in (*_IDENTITY, "audit-events", "cloud-guard-family", "quotas", "users")
        ),
        *(f"{_BUCKETS} in compartment {place}" for place in (*_DATA, "usds:audit")),
        *(f"{{{_KEYS}}} in compartment {place}" for place in ("usds:keys", "usds:audit")),
        *(
            f"read {family} in compartment usds:audit"
            for family in ("alarms", "log-groups", "serviceconnectors", "ons-topics", "ons-subscriptions")
        ),
        "read cloudevents-rules in tenancy",
        "read virtual-network-family in compartment usds:network",
        "read virtual-network-family in compartment usds:edge",
        *(f"read {family} in compartment usds:edge" for family in _EDGE),
        "read log-groups in compartment usds:network",
        "read log-content in compartment usds:network",
    },
    Duty.BREAK_GLASS: set(),
}


@pytest.mark.parametrize("duty", Duty)
def test_a_duty_is_exactly_this(duty):
    """All that a group may do, each statement from its network and in the plan's regions only."""
    found = [short(statement) for statement in of(duty)]

    assert len(found) == len(set(found))
    assert set(found) == TABLE[duty]


@pytest.mark.parametrize(
    ("duty", "expected"),
    [
        (Duty.STORAGE, {Power.LIST_DATA, Power.READ_DATA, Power.WRITE_DATA, Power.DELETE_DATA}),
        (Duty.NETWORK, {Power.CHANGE_NETWORKS}),
        (Duty.SECURITY, {Power.CHANGE_KEYS, Power.CHANGE_LOGS, Power.CHANGE_NETWORKS, Power.CHANGE_POLICIES}),
        (Duty.DEPLOYMENT, {Power.CHANGE_KEYS, Power.CHANGE_NETWORKS, Power.CHANGE_POLICIES}),
        (Duty.AUDIT, set()),
        (Duty.BREAK_GLASS, set()),
    ],
)
def test_what_a_duty_amounts_to(duty, expected):
    """Only STORAGE touches data; nobody uses keys; the deployer changes no log; an auditor changes nothing."""
    assert set().union(*(powers(statement) for statement in of(duty))) == expected


@pytest.mark.parametrize("duty", Duty)
def test_one_duty_is_never_too_much(duty):
    """No duty by itself lets a group touch private data and change its guards."""
    assert together(of(duty)) is None


@pytest.mark.parametrize(
    "duties",
    [(Duty.STORAGE, duty) for duty in Duty if duty not in {Duty.STORAGE, Duty.AUDIT, Duty.BREAK_GLASS}],
)
def test_storage_goes_with_no_duty_that_changes_guards(duties):
    """Two duties of one group are too much exactly where one touches data and the other changes what guards it."""
    assert isinstance(together([*of(duties[0]), *of(duties[1])]), Overlap)


def test_duties_that_touch_no_data_are_not_too_much_together():
    """The rule is about data: all the others together touch none."""
    others = [statement for duty in Duty if duty is not Duty.STORAGE for statement in of(duty)]
    assert together(others) is None


def test_storage_and_audit_may_be_one_group():
    """An auditor changes nothing, so reading data as well breaks no separation (though it is no good idea)."""
    assert together([*of(Duty.STORAGE), *of(Duty.AUDIT)]) is None


def _grant(what: Verbs | Permissions, compartment: Compartment | None) -> Statement:
    return Statement(subject=Group(name="g"), what=what, organization="usds", compartment=compartment)


_READ = Permissions(of=(Permission.OBJECT_READ,))
_POLICIES = Verbs(verb=Verb.MANAGE, family=Family.POLICIES)


@pytest.mark.parametrize(
    ("compartment", "too_much"),
    [
        (None, True),
        (Compartment.PROTECTED, True),
        (Compartment.EXCEPTED, True),
        (Compartment.PUBLIC, False),
        (Compartment.NETWORK, False),
    ],
    ids=str,
)
def test_private_data_is_in_the_tenancy_and_in_two_of_its_compartments(compartment, too_much):
    """A grant at the tenancy reaches every compartment; PUBLIC data may be read by anyone anyway."""
    overlap = together([_grant(_READ, compartment), _grant(_POLICIES, None)])
    assert (overlap is not None) is too_much


@given(st.permutations(list(Duty)))
def test_order_does_not_matter(order):
    """Whether statements are too much together does not depend on their order."""
    assert together([statement for duty in order for statement in of(duty)]) is not None


@given(st.sampled_from([duty for duty in Duty if duty is not Duty.BREAK_GLASS]), st.data())
def test_a_dropped_condition_shows(duty, data):
    """Every statement has exactly one condition on the network and one on the regions: dropping either is seen."""
    statement = data.draw(st.sampled_from(of(duty)))
    dropped = data.draw(st.sampled_from([Variable.NETWORK_SOURCE, Variable.REGION]))
    edited = replace(statement, conditions=tuple(c for c in statement.conditions if _variable(c) is not dropped))

    assert [_variable(c) for c in statement.conditions].count(dropped) == 1
    with pytest.raises(AssertionError):
        short(edited)


def _variable(condition: object) -> Variable:
    assert isinstance(condition, OneOf)
    first = condition.of[0]
    assert isinstance(first, Equals)
    return first.variable
