"""Statements of Oracle Cloud's policies: what is written, that a parser which is not ours reads it, and what it lets.

Does not prove that Oracle's service evaluates them so; what verbs and permissions mean is taken from its documentation.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oci_lexer_parser import parse_policy_statement

from infra.residency.compartment import Compartment
from infra.residency.oracle_policy import (
    After,
    Before,
    Equals,
    Group,
    OneOf,
    Permissions,
    Service,
    Statement,
    Tagged,
    Variable,
    Verbs,
    one_of,
)
from infra.residency.oracle_powers import Power, granted, powers
from infra.residency.oracle_vocabulary import Family, Operation, Permission, Verb

_names = st.from_regex(r"[A-Za-z][A-Za-z0-9._-]{0,30}", fullmatch=True)
_equals = st.builds(Equals, variable=st.sampled_from(Variable), value=_names)
_moments = st.dates(date(2026, 1, 1), date(2099, 12, 31)).map(
    lambda day: datetime(day.year, day.month, day.day, 13, 30, 59, tzinfo=UTC)
)
_tags = st.builds(Tagged, namespace=st.just("usds"), name=st.sampled_from(["data-class", "owner"]), value=_names)
_comparisons = st.one_of(_equals, _tags, st.builds(Before, moment=_moments), st.builds(After, moment=_moments))
_statements = st.builds(
    Statement,
    subject=st.one_of(
        st.builds(Group, name=_names), st.builds(Service, principal=st.just("objectstorage-us-phoenix-1"))
    ),
    what=st.one_of(
        st.builds(Verbs, verb=st.sampled_from(Verb), family=st.sampled_from(Family)),
        st.builds(
            Permissions,
            of=st.lists(st.sampled_from(Permission), min_size=1, max_size=5, unique=True).map(tuple),
        ),
    ),
    organization=st.from_regex(r"[a-z]{2,12}", fullmatch=True),
    compartment=st.one_of(st.none(), st.sampled_from(Compartment)),
    conditions=st.lists(
        st.one_of(_comparisons, st.builds(OneOf, of=st.lists(_comparisons, min_size=1, max_size=3).map(tuple))),
        max_size=3,
    ).map(tuple),
)


@given(_statements)
def test_a_parser_that_is_not_ours_reads_the_same(statement):
    """Every statement of the tree parses without a diagnostic, into exactly what the tree says."""
    document, diagnostics = parse_policy_statement(statement.text(), error_mode="report")
    (parsed,) = document["statements"]

    assert diagnostics == {"errors": [], "error_count": 0}
    assert parsed["kind"] == "allow"
    assert (parsed["subject"]["type"], _subject(parsed)) == _expected_subject(statement)
    assert (parsed["actions"], parsed["resources"]["values"]) == _expected_what(statement)
    place = [] if statement.compartment is None else [statement.organization, statement.compartment.value]
    assert parsed["location"]["values"] == place
    assert _tree(parsed.get("conditions")) == _expected_conditions(statement)


def _subject(parsed: Mapping[str, Any]) -> str:
    (value,) = parsed["subject"]["values"]
    return value["label"] if isinstance(value, dict) else value


def _expected_subject(statement: Statement) -> tuple[str, str]:
    match statement.subject:
        case Group(name=name):
            return "group", name
        case Service(principal=principal):
            return "service", principal


def _expected_what(statement: Statement) -> tuple[dict[str, Any], list[str]]:
    match statement.what:
        case Verbs(verb=verb, family=family):
            return {"type": "verbs", "values": [verb.value]}, [family.value]
        case Permissions(of=names):
            return {"type": "permissions", "values": [name.lower() for name in names]}, []


def _tree(node: Any) -> Any:
    """The parser's conditions as nested tuples; a clause alone stands for itself, a single one in a group too."""
    if not node:
        return ()
    if node["type"] == "clause":
        clause = node["node"]
        return (clause["lhs"], clause["op"], clause["rhs"]["value"])
    items = tuple(_tree(item) for item in node["items"])
    return items[0] if len(items) == 1 else (node["mode"], *items)


def _expected_conditions(statement: Statement) -> Any:
    def comparison(of: Equals | Tagged | Before | After) -> tuple[str, str, str]:
        match of:
            case Equals(variable=variable, value=value):
                return (variable.value, "eq", value)
            case Tagged(namespace=namespace, name=name, value=value):
                return (f"target.bucket.tag.{namespace}.{name}", "eq", value)
            case Before(moment=moment):
                return ("request.utc-timestamp", "before", f"{moment:%Y-%m-%dT%H:%M:%SZ}")
            case After(moment=moment):
                return ("request.utc-timestamp", "after", f"{moment:%Y-%m-%dT%H:%M:%SZ}")

    def one(condition: Equals | Tagged | Before | After | OneOf) -> Any:
        if not isinstance(condition, OneOf):
            return comparison(condition)
        items = tuple(comparison(each) for each in condition.of)
        return items[0] if len(items) == 1 else ("any", *items)

    items = tuple(one(condition) for condition in statement.conditions)
    if not items:
        return ()
    return items[0] if len(items) == 1 else ("all", *items)


def statement(what: Verbs | Permissions, *conditions: Equals | Before | OneOf) -> Statement:
    """A grant to a group in the compartment for PROTECTED data."""
    return Statement(
        subject=Group(name="g"),
        what=what,
        organization="usds",
        compartment=Compartment.PROTECTED,
        conditions=conditions,
    )


@pytest.mark.parametrize(
    ("verb", "permissions"),
    [
        (Verb.INSPECT, {"OBJECT_INSPECT"}),
        (Verb.READ, {"OBJECT_INSPECT", "OBJECT_READ"}),
        (Verb.USE, {"OBJECT_INSPECT", "OBJECT_READ", "OBJECT_OVERWRITE"}),
        (
            Verb.MANAGE,
            {"OBJECT_INSPECT", "OBJECT_READ", "OBJECT_OVERWRITE", "OBJECT_CREATE", "OBJECT_DELETE", "OBJECT_RESTORE"},
        ),
    ],
)
def test_a_verb_includes_those_before_it(verb, permissions):
    """As the table for objects on Oracle's page on Object Storage has it."""
    assert granted(statement(Verbs(verb=verb, family=Family.OBJECTS))) == permissions


def test_a_condition_on_permissions_narrows_a_verb():
    """What is left is what both say; a condition on anything else leaves everything."""
    everything = Verbs(verb=Verb.MANAGE, family=Family.OBJECT_FAMILY)
    narrow = one_of(Variable.PERMISSION, (Permission.BUCKET_READ, Permission.OBJECT_READ))
    region = one_of(Variable.REGION, ("iad",))

    assert granted(statement(everything, narrow, region)) == {Permission.BUCKET_READ, Permission.OBJECT_READ}
    assert len(granted(statement(everything, region))) == 11


def test_a_permission_beside_another_condition_narrows_nothing():
    """`any {permission, region}` lets every permission through in that region, so all of them count as given."""
    either = OneOf(
        of=(
            Equals(variable=Variable.PERMISSION, value=Permission.OBJECT_INSPECT),
            Equals(variable=Variable.REGION, value="iad"),
        )
    )
    assert Permission.OBJECT_READ in granted(statement(Verbs(verb=Verb.READ, family=Family.OBJECTS), either))


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (Verbs(verb=Verb.INSPECT, family=Family.OBJECTS), {Power.LIST_DATA}),
        (Verbs(verb=Verb.READ, family=Family.OBJECT_FAMILY), {Power.LIST_DATA, Power.READ_DATA}),
        (Verbs(verb=Verb.MANAGE, family=Family.BUCKETS), set()),
        (Verbs(verb=Verb.USE, family=Family.KEYS), {Power.USE_KEYS}),
        (Verbs(verb=Verb.MANAGE, family=Family.KEYS), {Power.USE_KEYS, Power.CHANGE_KEYS}),
        (Permissions(of=(Permission.KEY_ROTATE,)), {Power.CHANGE_KEYS}),
        (Verbs(verb=Verb.MANAGE, family=Family.POLICIES), {Power.CHANGE_POLICIES}),
        (Verbs(verb=Verb.READ, family=Family.POLICIES), set()),
        (Verbs(verb=Verb.USE, family=Family.NETWORKS), {Power.CHANGE_NETWORKS}),
        (Verbs(verb=Verb.MANAGE, family=Family.LOG_GROUPS), {Power.CHANGE_LOGS}),
    ],
)
def test_what_a_statement_lets_its_subject_do(what, expected):
    """One row for each kind of power, and for the verbs that stop short of it."""
    assert powers(statement(what)) == expected


def test_a_named_call_gives_no_power():
    """Creating a replication policy needs permissions on objects and reads none; `any {call, region}` is any call."""
    handle = Verbs(verb=Verb.MANAGE, family=Family.OBJECTS)
    call = Equals(variable=Variable.OPERATION, value=Operation.CREATE_REPLICATION_POLICY)
    region = Equals(variable=Variable.REGION, value="iad")

    assert powers(statement(handle, call, region)) == set()
    assert Power.READ_DATA in powers(statement(handle, OneOf(of=(call, region))))


def test_whole_texts():
    """The shapes that people read: a verb in a compartment, permissions from a network, a single `any`."""
    network = one_of(Variable.NETWORK_SOURCE, ("usds-us-office",))
    regions = one_of(Variable.REGION, ("iad", "phx"))

    assert statement(Verbs(verb=Verb.READ, family=Family.BUCKETS)).text() == (
        "Allow group g to read buckets in compartment usds:protected"
    )
    assert statement(Permissions(of=(Permission.OBJECT_READ,)), network, regions).text() == (
        "Allow group g to {OBJECT_READ} in compartment usds:protected where all "
        "{request.networkSource.name='usds-us-office', any {request.region='iad', request.region='phx'}}"
    )
    assert statement(Verbs(verb=Verb.READ, family=Family.BUCKETS), regions).text() == (
        "Allow group g to read buckets in compartment usds:protected where any "
        "{request.region='iad', request.region='phx'}"
    )
