"""What an edit of a stack file changes in what is registered, and what it leaves exactly as it was.

They compare all inputs, options and dependencies of all resources; the order of registration is the SDK's own affair.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.residency.deployment import DatasetRequest, DeploymentRequest
from tests.residency.samples import EXCEPTED, GOOD, deployments, with_dataset, with_site
from tests.support.programs import planned, sample
from tests.support.recorder import Recorded

pytestmark = pytest.mark.no_cover
BUCKET = "oci:ObjectStorage/bucket:Bucket"
STORE = "usdata:index:DatasetStore"
LEGACY = "usdata:index:LegacyBackup$usdata:index:LegacyBucket"
LEGACY_TYPES = (
    "aws:s3/bucket:Bucket",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketVersioning:BucketVersioning",
    "aws:s3/inventory:Inventory",
)


def shard_keys(shard: str) -> set[str]:
    """What one shard of a dataset has in Oracle Cloud."""
    return {
        f"{STORE}${BUCKET}::{shard}-us-ashburn-1",
        f"{STORE}${BUCKET}::{shard}-us-phoenix-1",
        f"{STORE}$oci:ObjectStorage/objectLifecyclePolicy:ObjectLifecyclePolicy::{shard}-us-ashburn-1",
        f"{STORE}$oci:ObjectStorage/replicationPolicy:ReplicationPolicy::{shard}-us-ashburn-1-to-us-phoenix-1",
    }


def dataset_keys(name: str) -> set[str]:
    """What a dataset of one shard has: its store, and its backup at both sites."""
    backups = {f"{LEGACY}::{name}-{site}" for site in ("virginia", "singapore")}
    settings = {f"{LEGACY}${token}::{name}-{site}" for token in LEGACY_TYPES for site in ("virginia", "singapore")}
    return {f"{STORE}::{name}"} | shard_keys(name) | backups | settings


def export_keys(name: str, *, group: str | None = None) -> set[str]:
    """What an export adds, with its group where no other dataset has it."""
    policy = {f"usdata:index:StorageAccess$oci:Identity/policy:Policy::{name}-export"}
    return policy | ({f"usdata:index:StorageAccess$oci:Identity/group:Group::{group}"} if group else set())


def by_key(recorded: Recorded) -> dict[str, object]:
    """Every registration by its URN without the stack; the stack itself left out."""
    return {r.key: r for r in recorded.resources.values() if r.type != "pulumi:pulumi:Stack"}


def changes(before: Recorded, after: Recorded) -> tuple[set[str], set[str], set[str]]:
    """Keys that were added, changed and removed."""
    old, new = by_key(before), by_key(after)
    return (
        new.keys() - old.keys(),
        {key for key in old.keys() & new.keys() if old[key] != new[key]},
        old.keys() - new.keys(),
    )


NO_EXPORT = replace(EXCEPTED, export=None)
OTHER_GROUP = replace(EXCEPTED, export=replace(EXCEPTED.export, group="responders"))


@pytest.mark.parametrize(
    ("dataset", "more"),
    [
        (DatasetRequest(), set()),
        (DatasetRequest(data_class="protected"), set()),
        (DatasetRequest(data_class="public"), set()),
        (NO_EXPORT, set()),
        (EXCEPTED, export_keys("journal")),
        (OTHER_GROUP, export_keys("journal", group="responders")),
        (DatasetRequest(shards=2), shard_keys("journal-1")),
    ],
    ids=["no class", "protected", "public", "excepted", "exported", "exported to others", "two shards"],
)
def test_another_dataset_adds_its_own_and_changes_nothing(dataset, more):
    """Exactly its buckets, replication, lifecycle and backups; no other URN, input, option or dependency."""
    after = planned(replace(GOOD, datasets={**GOOD.datasets, "journal": dataset}))
    assert changes(sample(preview=True), after) == (dataset_keys("journal") | more, set(), set())


def test_one_more_shard_adds_its_own_and_changes_nothing():
    """The first shards keep their names."""
    after = planned(with_dataset(GOOD, "videos", shards=3))
    assert changes(sample(preview=True), after) == (shard_keys("videos-2"), set(), set())


def test_an_adopted_backup_changes_only_what_names_it():
    """Its own bucket is another one; the role's, the key's and the reports' policies name it."""
    after = planned(
        with_site(GOOD, "singapore", adopt={"profiles": "tt-sg-profiles-backup", "messages": "tt-sg-messages"})
    )
    site = "usdata:index:LegacyBackup"
    assert changes(sample(preview=True), after) == (
        set(),
        {f"{LEGACY}${token}::messages-singapore" for token in LEGACY_TYPES}
        | {
            f"{site}$aws:iam/rolePolicy:RolePolicy::transfer-singapore",
            f"{site}$aws:kms/key:Key::singapore",
            f"{LEGACY}$aws:s3/bucketPolicy:BucketPolicy::reports-singapore",
        },
        set(),
    )


def test_another_class_moves_the_dataset_and_nothing_else():
    """Compartment, keys, tags and access of its two buckets."""
    after = planned(with_dataset(GOOD, "profiles", data_class="public"))
    buckets = {key for key in shard_keys("profiles") if f"{BUCKET}::" in key}
    added, changed, removed = changes(sample(preview=True), after)
    assert (added, changed, removed) == (set(), buckets, set())


def shuffled(request: DeploymentRequest, order: st.DataObject) -> DeploymentRequest:
    """The same request with its maps in another order."""

    def mixed(entries: Mapping[str, Any]) -> dict[str, Any]:
        return dict(order.draw(st.permutations(list(entries.items()))))

    return replace(
        request,
        oci=replace(request.oci, regions=mixed(request.oci.regions)),
        datasets=mixed(request.datasets),
        sites={name: replace(site, adopt=mixed(site.adopt)) for name, site in mixed(request.sites).items()},
    )


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(request=deployments(), order=st.data())
def test_the_order_of_the_file_does_not_matter(request, order):
    """Whatever the deployment, another order of any map registers the same, byte for byte."""
    before, after = planned(request), planned(shuffled(request, order))
    assert changes(before, after) == (set(), set(), set())
    assert before.outputs == after.outputs


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(request=deployments())
def test_any_dataset_comes_and_goes_alone(request):
    """Whatever the deployment, one more dataset only adds, under names of its own."""
    added, changed, removed = changes(
        planned(request), planned(replace(request, datasets={**request.datasets, "zz-journal": DatasetRequest()}))
    )
    assert (changed, removed) == (set(), set())
    assert added
    assert all("::zz-journal" in key for key in added)
