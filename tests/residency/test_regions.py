"""Regions: the table is closed, and every other text is refused with the reason that is its own.

Proves what the table says and how a text is judged against it; not that the clouds agree with the table.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.residency.findings import Refusal
from infra.residency.regions import (
    REGIONS,
    Cloud,
    Jurisdiction,
    LegacyRegion,
    Realm,
    UsRegion,
    legacy_region,
    us_region,
)

ALL_US = "us-ashburn-1, us-chicago-1, us-phoenix-1, us-sanjose-1"


def test_allowed_homes_are_exactly_the_unrestricted_us_regions_of_the_commercial_realm():
    """The enum and the table's own columns agree, so that neither can be widened alone."""
    homes = {
        row.name
        for row in REGIONS.values()
        if row.realm is Realm.OC1 and row.jurisdiction is Jurisdiction.US and not row.restricted
    }
    assert homes == {region.value for region in UsRegion}
    assert homes == {"us-ashburn-1", "us-phoenix-1", "us-chicago-1", "us-sanjose-1"}


def test_legacy_regions_are_exactly_the_aws_rows():
    """The same for the legacy sites' regions."""
    assert {row.name for row in REGIONS.values() if row.cloud is Cloud.AWS} == {region.value for region in LegacyRegion}


def test_names_and_keys_are_each_unique():
    """No two regions can be taken for each other by either spelling."""
    rows = REGIONS.values()
    assert len({row.name for row in rows}) == len({row.key for row in rows}) == len(rows)
    assert not {row.name for row in rows} & {row.key for row in rows}


def test_us_regions_of_every_realm_are_in_the_table():
    """A refusal can say of each what it is; by realm, exactly."""
    by_realm = {
        realm: {row.name for row in REGIONS.values() if row.realm is realm and row.jurisdiction is Jurisdiction.US}
        for realm in Realm
    }
    assert by_realm == {
        Realm.OC1: {"us-ashburn-1", "us-phoenix-1", "us-chicago-1", "us-sanjose-1", "us-saltlake-2"},
        Realm.OC2: {"us-langley-1", "us-luke-1"},
        Realm.OC3: {"us-gov-ashburn-1", "us-gov-phoenix-1", "us-gov-chicago-1"},
        Realm.OC23: {"us-somerset-1", "us-thames-1"},
        Realm.OC42: {"us-ashburn-2", "us-newark-1"},
        Realm.AWS: {"us-east-1"},
    }


@pytest.mark.parametrize(
    ("region", "spellings"),
    [
        (
            UsRegion.PHOENIX,
            (
                "phx",
                "us-phoenix-1",
                "objectstorage-us-phoenix-1",
                "PHX-AD-",
                "all-phx-services-in-oracle-services-network",
            ),
        ),
        (
            UsRegion.SAN_JOSE,
            (
                "sjc",
                "us-sanjose-1",
                "objectstorage-us-sanjose-1",
                "SJC-AD-",
                "all-sjc-services-in-oracle-services-network",
            ),
        ),
    ],
)
def test_a_row_yields_every_spelling_of_its_region(region, spellings):
    """IAM key, quota name, service principal, availability-domain prefix, service gateway label: all from one row."""
    row = region.facts
    assert spellings == (
        row.key,
        row.quota_name,
        row.storage_service_principal,
        row.availability_domain_prefix,
        row.services_cidr_label,
    )
    assert row.ocid_spellings == {row.key, row.name}


def test_a_legacy_region_yields_its_row():
    """The AWS rows say where the legacy sites stand."""
    assert [(region.facts.key, region.facts.jurisdiction) for region in LegacyRegion] == [
        ("use1", "US"),
        ("apse1", "SG"),
    ]


@pytest.mark.parametrize(
    ("text", "given", "why", "fix"),
    [
        ("us-langley-1", "us-langley-1, a region of realm OC2 (US government)", "realms", "name an allowed region"),
        ("us-gov-ashburn-1", "a region of realm OC3 (US government)", "realms", "did you mean us-ashburn-1?"),
        ("us-newark-1", "a region of realm OC42 (not the commercial one)", "realms", "name an allowed region"),
        ("us-somerset-1", "a region of realm OC23 (not the commercial one)", "realms", "name an allowed region"),
        ("us-ashburn-2", "a region of realm OC42", "realms", "did you mean us-ashburn-1?"),
        ("ap-singapore-1", "a region in Singapore (SG)", "may not leave the United States", "name an allowed region"),
        ("ap-singapore-2", "a region in Singapore (SG)", "may not leave the United States", "name an allowed region"),
        ("AP-SINGAPORE-1", "AP-SINGAPORE-1, a region in Singapore (SG)", "may not leave", "name an allowed region"),
        ("us-saltlake-2", "that is not open for use", "public region table", "name an allowed region"),
        ("us-east-1", "a region of AWS (Virginia)", "backups under legacy.sites", "name an allowed region"),
        ("us-ashbrun-1", "no region that is known here", "", "did you mean us-ashburn-1?"),
        ("us-fenix-1", "no region that is known here", "", "did you mean us-phoenix-1?"),
        ("banana", "no region that is known here", "", "name an allowed region"),
        ("", "no region that is known here", "", "name an allowed region"),
        ("US-ASHBURN-1", "US-ASHBURN-1, in upper case", "letter by letter", "write us-ashburn-1"),
        (" us-phoenix-1", "with blanks around it", "letter by letter", "write us-phoenix-1"),
        ("iad", "iad, the key of us-ashburn-1", "", "write us-ashburn-1"),
        ("us-", "no region that is known here", "", "name an allowed region"),
    ],
)
def test_what_is_no_home_is_refused_with_its_own_reason(text, given, why, fix):
    """Each kind of wrong region says what it is, why it may not be, and what was probably meant."""
    refusal = us_region(text)
    assert isinstance(refusal, Refusal)
    assert given in refusal.given
    assert why in refusal.why
    assert (refusal.fix, refusal.allowed) == (fix, ALL_US)


@pytest.mark.parametrize(
    ("text", "given", "fix"),
    [
        ("us-ashburn-1", "a region of OCI in Ashburn (US)", "name an allowed region"),
        ("ap-singapore-1", "a region of OCI in Singapore (SG)", "did you mean ap-southeast-1?"),
        ("us-east-2", "no region that is known here", "did you mean us-east-1?"),
        ("US-EAST-1", "in upper case", "write us-east-1"),
        ("use1", "use1, the key of us-east-1", "write us-east-1"),
    ],
)
def test_what_is_no_legacy_region_is_refused(text, given, fix):
    """The two regions of the legacy sites are the only ones; nothing else can become one."""
    refusal = legacy_region(text)
    assert isinstance(refusal, Refusal)
    assert given in refusal.given
    assert (refusal.fix, refusal.allowed) == (fix, "ap-southeast-1, us-east-1")


@given(st.text() | st.sampled_from(sorted(REGIONS)))
def test_a_text_is_a_home_exactly_if_it_is_the_name_of_one(text):
    """For any text at all, and every region of the table: accepted if and only if it is one of the four names."""
    assert (us_region(text) == text) == (text in {region.value for region in UsRegion})
    assert isinstance(us_region(text), UsRegion | Refusal)
    assert (legacy_region(text) == text) == (text in {region.value for region in LegacyRegion})
