"""How keys are kept: vaults, rotation and destruction, as planned and as registered; and what is refused."""

from dataclasses import replace

import pytest

from infra.residency.holders import holders
from infra.residency.keys import DESTRUCTION, LEAST_ROTATION_DAYS, MOST_ROTATION_DAYS, KeyCare, VaultKind
from infra.residency.keys_request import KeysRequest
from infra.residency.planner import plan
from infra.residency.regions import Cloud
from tests.residency.samples import GOOD, TODAY, found, with_dataset
from tests.support.programs import planned

VAULT, KEY, AWS_KEY = "oci:Kms/vault:Vault", "oci:Kms/key:Key", "aws:kms/key:Key"
PRIVATE = replace(GOOD, keys=KeysRequest(vault="private", rotation_days=90))


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (KeysRequest(), KeyCare(vault=VaultKind.SHARED, rotation_days=365)),
        (KeysRequest(vault="private", rotation_days=90), KeyCare(vault=VaultKind.PRIVATE, rotation_days=90)),
    ],
)
def test_what_is_asked_for_is_planned(request_, expected):
    """Shared and once a year, where nothing is said."""
    assert plan(replace(GOOD, keys=request_), TODAY).key_care == expected


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (KeysRequest(vault="extern"), {("keys", "keys.vault")}),
        (KeysRequest(vault=""), {("keys", "keys.vault")}),
        (KeysRequest(rotation_days=LEAST_ROTATION_DAYS - 1), {("keys", "keys.rotationDays")}),
        (KeysRequest(rotation_days=MOST_ROTATION_DAYS + 1), {("keys", "keys.rotationDays")}),
        (KeysRequest(vault="Private", rotation_days=0), {("keys", "keys.vault"), ("keys", "keys.rotationDays")}),
        (KeysRequest(rotation_days=LEAST_ROTATION_DAYS), set()),
        (KeysRequest(rotation_days=MOST_ROTATION_DAYS), set()),
    ],
)
def test_what_a_cloud_does_not_take_is_refused(request_, expected):
    """A kind of vault that is none, and a day more or less than both clouds take."""
    assert found(replace(GOOD, keys=request_)) == expected


def test_keys_of_a_private_vault_rotate_by_themselves():
    """Every key of every region says after how many days; in a shared vault none can, and none says so."""
    for request, kind, rotation in ((GOOD, "DEFAULT", (None, None)), (PRIVATE, "VIRTUAL_PRIVATE", (True, 90.0))):
        recorded = planned(request)
        assert {vault.inputs["vaultType"] for vault in recorded.of_type(VAULT)} == {kind}
        assert {
            (
                key.inputs.get("isAutoRotationEnabled"),
                (key.inputs.get("autoKeyRotationDetails") or {}).get("rotationIntervalInDays"),
            )
            for key in recorded.of_type(KEY)
        } == {rotation}
        legacy = {key.inputs["rotationPeriodInDays"] for key in recorded.of_type(AWS_KEY)}
        assert legacy == {rotation[1] or 365.0}


def test_another_kind_of_vault_is_another_holder():
    """No cloud changes it in place: what was deployed as shared cannot become private by an edit."""
    kinds = [
        {dict(it.fixed)["vaultType"] for it in holders(plan(request, TODAY)) if it.type == VAULT}
        for request in (GOOD, PRIVATE)
    ]
    assert kinds == [{"DEFAULT"}, {"VIRTUAL_PRIVATE"}]


@pytest.mark.parametrize("cloud", Cloud)
def test_a_key_is_destroyed_as_late_as_its_cloud_allows(cloud):
    """Seven to thirty days in both; ours is the longest."""
    window = DESTRUCTION[cloud]
    assert (window.least, window.most, window.ours) == (7, 30, 30)


def test_legacy_keys_wait_as_long():
    """What is registered is what the facts say."""
    recorded = planned(GOOD)
    assert {key.inputs["deletionWindowInDays"] for key in recorded.of_type(AWS_KEY)} == {DESTRUCTION[Cloud.AWS].ours}


@pytest.mark.parametrize(("shards", "expected"), [(50, set()), (51, {("limit", "datasets.metrics.export")})])
def test_a_policy_has_no_more_statements_than_oracle_takes(shards, expected):
    """An export has one for each shard: fifty are taken, one more is refused by the limit's name."""
    assert found(with_dataset(GOOD, "metrics", shards=shards)) == expected
