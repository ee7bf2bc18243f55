"""Where a stack's own state may lie: each rule broken once, and what a good value plans.

That the bucket is made and used so is tested in tests/deploy; that the state is there the plan cannot know.
"""

from dataclasses import replace

import pytest

from infra.residency.planner import plan
from infra.residency.regions import UsRegion
from infra.residency.state_home import StateHome, StateRequest
from tests.residency.samples import GOOD, TODAY, found, renamed_region, with_oci

STATE = StateRequest(
    region="us-ashburn-1",
    compartment_id="ocid1.compartment.oc1..aaaaaaaastate",
    passphrase_id="ocid1.vaultsecret.oc1.iad.aaaaaaaastate",
)


def asking(**changes: object):
    """A good request whose state is asked for with changes."""
    return replace(GOOD, state=replace(STATE, **changes))


@pytest.mark.parametrize("passphrase", [STATE.passphrase_id, None])
def test_a_home_in_a_region_of_the_stack(passphrase):
    """Its name follows from organization and region; the passphrase may still have to be made."""
    assert plan(asking(passphrase_id=passphrase), TODAY).state == StateHome(
        region=UsRegion.ASHBURN,
        namespace="axsandbox",
        name="usds-state-iad",
        compartment_id=STATE.compartment_id,
        passphrase_id=passphrase,
    )


def test_a_stack_without_one():
    """Simulated stacks keep theirs on this machine."""
    assert plan(GOOD, TODAY).state is None


@pytest.mark.parametrize(
    ("request_", "rule", "path"),
    [
        (asking(region="eu-frankfurt-1", passphrase_id=None), "state", "state.region"),
        (asking(region="us-gov-ashburn-1", passphrase_id=None), "state", "state.region"),
        (asking(region="us-sanjose-1", passphrase_id=None), "state", "state.region"),
        (asking(compartment_id="ocid1.bucket.oc1.iad.aaaaaaaa1"), "identifier", "state.compartmentId"),
        (asking(compartment_id="../x"), "identifier", "state.compartmentId"),
        (asking(passphrase_id="correct horse"), "identifier", "state.passphraseId"),
        (asking(passphrase_id="ocid1.vaultsecret.oc1.phx.aaaaaaaa1"), "state", "state.passphraseId"),
        (asking(passphrase_id="ocid1.vaultsecret.oc1.eu-frankfurt-1.aaaaaaaa1"), "state", "state.passphraseId"),
    ],
    ids=[
        "abroad", "another realm", "a US region that the stack does not use", "a bucket for a compartment",
        "a path", "a passphrase", "a passphrase elsewhere in the US", "a passphrase abroad",
    ],
)  # fmt: skip
def test_each_rule_broken_once(request_, rule, path):
    """Exactly that rule at exactly that path."""
    assert found(request_) == {(rule, path)}


def test_mistakes_elsewhere_hide_none_here():
    """With a broken tenancy and broken regions the state's own mistakes are still said."""
    broken = with_oci(renamed_region(asking(compartment_id="x"), "us-chicago-1", "ap-singapore-1"), tenancy_id="x")
    assert {("identifier", "state.compartmentId"), ("identifier", "oci.tenancyId")} <= found(broken)
