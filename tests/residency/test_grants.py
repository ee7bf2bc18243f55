"""Oracle's policy statements: the exact text, since it is the text that decides.

Proves what is written; that the service accepts it is shown by the simulated cloud's own parser where the stack runs.
"""

from datetime import date

from infra.residency.compartment import Compartment, of_class
from infra.residency.dataset import DataClass
from infra.residency.grants import ExportGrant, ServiceGrant, ServiceUse
from infra.residency.planner import plan
from infra.residency.regions import UsRegion
from tests.residency.samples import GOOD, TODAY


def test_object_storage_may_replicate_in_one_compartment_from_one_region():
    """The permissions are those of Oracle's page on replication, all of them and no other."""
    grant = ServiceGrant(
        name="g",
        region=UsRegion.ASHBURN,
        organization="usds",
        compartment=Compartment.PROTECTED,
        use=ServiceUse.OBJECTS,
    )
    assert grant.statement().text() == (
        "Allow service objectstorage-us-ashburn-1 to manage object-family in compartment usds:protected where any "
        "{request.permission='BUCKET_READ', request.permission='BUCKET_UPDATE', "
        "request.permission='OBJECT_READ', request.permission='OBJECT_INSPECT', "
        "request.permission='OBJECT_CREATE', request.permission='OBJECT_OVERWRITE', "
        "request.permission='OBJECT_RESTORE', request.permission='OBJECT_DELETE'}"
    )


def test_object_storage_may_use_the_keys():
    """Use, not manage: it encrypts with a key and cannot change one."""
    grant = ServiceGrant(
        name="g", region=UsRegion.PHOENIX, organization="usds", compartment=Compartment.KEYS, use=ServiceUse.KEYS
    )
    assert grant.statement().text() == "Allow service objectstorage-us-phoenix-1 to use keys in compartment usds:keys"


def test_an_export_is_one_bucket_in_one_region_until_a_day():
    """Read, not manage; bucket, region and time are conditions of one statement."""
    grant = ExportGrant(
        name="g",
        group="planners",
        organization="usds",
        compartment=Compartment.EXCEPTED,
        bucket="usds-metrics-iad",
        region=UsRegion.ASHBURN,
        until=date(2027, 6, 30),
    )
    assert grant.statement().text() == (
        "Allow group planners to read objects in compartment usds:excepted where all "
        "{target.bucket.name='usds-metrics-iad', request.region='iad', "
        "request.utc-timestamp before '2027-06-30T00:00:00Z'}"
    )


def test_each_class_has_a_compartment_of_its_own():
    """Data of two classes is never in one compartment, nor with keys or network."""
    compartments = [of_class(data_class) for data_class in DataClass]
    assert len(set(compartments)) == len(DataClass)
    assert not set(compartments) & {Compartment.KEYS, Compartment.NETWORK}


def test_service_grants_are_for_exactly_the_regions_that_hold_data():
    """Primary and standby, not the spare; every class and the keys: no grant more, none less."""
    grants = plan(GOOD, TODAY).service_grants
    regions, compartments = (UsRegion.ASHBURN, UsRegion.PHOENIX), ("excepted", "keys", "protected", "public")
    assert [(grant.region, grant.compartment.value, grant.use) for grant in grants] == [
        (region, name, ServiceUse.KEYS if name == "keys" else ServiceUse.OBJECTS)
        for region in regions
        for name in compartments
    ]
    assert [grant.name for grant in grants] == [
        f"objectstorage-{region}-{name}" for region in regions for name in compartments
    ]


def test_only_an_exported_dataset_has_export_grants():
    """One for each shard's default store, in the primary region; none for any other dataset."""
    granted = {
        (dataset.dataset.name, grant.name, grant.bucket, grant.group)
        for dataset in plan(GOOD, TODAY).datasets
        for grant in dataset.export_grants
    }
    assert granted == {("metrics", "metrics-us-ashburn-1-export", "usds-metrics-iad", "capacity-planners")}
