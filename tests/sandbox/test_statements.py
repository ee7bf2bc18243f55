"""Oracle's statements: what parses, what does not, and why. The grammar here is a part of the service's own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.sandbox.oci.regions import COMMERCIAL
from infra.sandbox.oci.statements import StatementError, parse, parse_quota

NESTED = (
    "Allow group A to manage object-family in compartment p where all {request.networkSource.name='n', "
    "any {request.region='iad', request.region='phx'}}"
)
ACCEPTED = [
    "Allow group A to manage all-resources in tenancy",
    "allow group 'Default'/'A', B to read buckets in compartment a:b:c",
    "Allow group id ocid1.group.oc1..x to use keys in compartment id ocid1.compartment.oc1..y",
    "Allow dynamic-group machines to inspect vcns in tenancy",
    "Allow any-user to manage objects in compartment a where all {request.user.id='x', target.bucket.name='a'}",
    NESTED,
    "Allow group A to read objects in tenancy where target.object.name=/*.pdf/",
    "Allow group A to manage policies in tenancy where request.utc-timestamp before '2026-12-01T00:00Z'",
    "Allow group A to manage policies in tenancy where request.utc-timestamp between '2026-12-01' and '2027-01-01'",
    "Allow group A to {OBJECT_READ, OBJECT_INSPECT} in compartment p",
    "deny any-user to manage object-family in tenancy where all {request.region!='iad', request.region!='phx'}",
    "Allow service cloudguard, objectstorage-us-ashburn-1 to read keys in tenancy",
]
REFUSED = [
    ("", "expected allow or deny, found 'the end'"),
    ("Permit group A to read buckets in tenancy", "expected allow or deny, found 'Permit'"),
    ("Allow groups A to read buckets in tenancy", "found 'groups'"),
    ("Allow group A to write buckets in tenancy", "expected inspect or read or use or manage, found 'write'"),
    ("Allow group A to read bucketz in tenancy", "Invalid resource type bucketz"),
    ("Allow group A to read buckets", "expected in, found 'the end'"),
    ("Allow group A to read buckets in region iad", "expected tenancy or compartment"),
    ("Allow group A to read buckets in tenancy when x='y'", "unexpected 'when'"),
    ("Allow group A to read buckets in tenancy where", "expected a variable"),
    ("Allow group A to read buckets in tenancy where region='iad'", "Invalid variable region"),
    ("Allow group A to read buckets in tenancy where request.region 'iad'", "expected = or !="),
    ("Allow group A to read buckets in tenancy where request.region=", "expected a value"),
    ("Allow group A to read buckets in tenancy where any {request.region='iad'", "expected }, found 'the end'"),
    ("Allow group A to {read} in tenancy", "Invalid permission read"),
    ("Allow service objectstorage-us-nowhere-1 to read buckets in tenancy", "does not exist"),
    ("Allow service magic to read buckets in tenancy", "Service magic does not exist"),
    ("Allow group A to read buckets in tenancy where request.region='iad", "No viable input"),
]


@pytest.mark.parametrize("text", ACCEPTED)
def test_accepted(text: str):
    """Forms that Oracle's pages show."""
    assert parse(text).effect in {"allow", "deny"}


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_refused(text: str, reason: str):
    """One mistake each, named."""
    with pytest.raises(StatementError) as refusal:
        parse(text)
    assert reason in str(refusal.value)


def test_taken_apart():
    """Names, place and conditions come out as they were written."""
    statement = parse(NESTED)
    assert (statement.groups, statement.verb, statement.resource) == (("A",), "manage", "object-family")
    assert (statement.compartment, statement.regions, statement.network_sources) == (("p",), ("iad", "phx"), ("n",))


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("zero object-storage quotas in tenancy", None),
        ("Unset object-storage quota storage-bytes in tenancy where request.region = us-phoenix-1", "us-phoenix-1"),
        ("set compute-core quota /*/ to 10 in compartment a:b where request.region='us-ashburn-1'", "us-ashburn-1"),
    ],
)
def test_quotas_accepted(text: str, region: str | None):
    """Forms that Oracle's pages show."""
    assert parse_quota(text).region == region


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("zero magic quotas in tenancy", "Invalid family magic"),
        ("zero object-storage in tenancy", "expected quota or quotas"),
        ("set object-storage quota storage-bytes in tenancy", "expected to"),
        ("set object-storage quota storage-bytes to many in tenancy", "a number"),
        ("zero object-storage quotas in tenancy where request.region != 'us-ashburn-1'", "Invalid condition"),
        ("zero object-storage quotas in tenancy where request.region = iad", "no region iad"),
        ("zero object-storage quotas in compartment id ocid1.compartment.oc1..x", "by its path"),
        ("zero object-storage quotas in tenancy please", "unexpected"),
    ],
)
def test_quotas_refused(text: str, reason: str):
    """One mistake each, named; keys of regions are no names here."""
    with pytest.raises(StatementError, match=reason):
        parse_quota(text)


@given(st.text(max_size=80))
def test_anything_is_a_statement_or_an_error(text: str):
    """No input makes the parser do anything else."""
    for reader in (parse, parse_quota):
        try:
            reader(text)
        except StatementError as error:
            assert str(error)  # noqa: PT017 - either outcome is fine, a message is a must


@given(st.sampled_from(sorted(COMMERCIAL)), st.lists(st.from_regex(r"c[a-z0-9-]{0,8}", fullmatch=True), min_size=1))
def test_what_is_written_is_read(region: str, path: list[str]):
    """A generated statement comes apart into what it was made of."""
    statement = parse(f"Allow service objectstorage-{region} to manage object-family in compartment {':'.join(path)}")
    assert (statement.services, statement.compartment) == (
        (f"objectstorage-{region}",),
        tuple(path),
    )
