"""Laws of the planner, over deployments of every kind.

They prove that the plan is right for the request; that components register what the plan says is for their own tests.
"""

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.residency.compartment import of_class
from infra.residency.dataset import DataClass
from infra.residency.deployment import (
    DatasetRequest,
    DeploymentRequest,
    ExportRequest,
    OciRegionRequest,
    OciRequest,
    SiteRequest,
)
from infra.residency.findings import ResidencyError
from infra.residency.lifecycle import Site
from infra.residency.placement import PlacementRole, Plan, RegionRole
from infra.residency.planner import plan
from infra.residency.regions import Cloud, Jurisdiction, LegacyRegion, Realm, UsRegion
from tests.residency.samples import GOOD, TODAY, datasets, deployments, found, names, with_dataset, with_oci

pytestmark = pytest.mark.no_cover


def shuffled(request: DeploymentRequest, seed: int) -> DeploymentRequest:
    """The same request, every map in another order."""

    def mixed(entries: Mapping[str, Any]) -> dict[str, Any]:
        return dict(random.Random(seed).sample(list(entries.items()), len(entries)))  # noqa: S311 - an order, no secret

    sites = {name: replace(site, adopt=mixed(site.adopt)) for name, site in mixed(request.sites).items()}
    return with_oci(replace(request, datasets=mixed(request.datasets), sites=sites), regions=mixed(request.oci.regions))


def buckets(planned: Plan) -> list[tuple[Cloud, str]]:
    """The physical name of every holder of data, by cloud."""
    ours = [(Cloud.OCI, placement.bucket) for dataset in planned.datasets for placement in dataset.placements]
    old = [(Cloud.AWS, backup.bucket) for site in planned.sites for backup in site.backups]
    return ours + old + [(Cloud.AWS, site.reports_bucket) for site in planned.sites]


@given(deployments())
def test_every_placement_lies_in_its_jurisdiction(request):
    """Primary and replica in US regions of OC1, in two different ones, with names and endpoints that say which."""
    planned = plan(request, TODAY)
    roles = {network.role: network.region for network in planned.networks}
    for dataset in planned.datasets:
        for placement in dataset.placements:
            row = placement.region.facts
            assert (row.jurisdiction, row.realm, row.cloud) == (Jurisdiction.US, Realm.OC1, Cloud.OCI)
            assert placement.bucket.endswith(f"-{row.key}")
            assert f".{row.name}." in placement.endpoint
            assert placement.region is roles[RegionRole(placement.role.replace("replica", "standby"))]
            assert (placement.noncurrent_days is None) == (placement.role is PlacementRole.REPLICA)
        shards = [(placement.shard, placement.role) for placement in dataset.placements]
        both = (PlacementRole.PRIMARY, PlacementRole.REPLICA)
        assert shards == [(number, role) for number in range(dataset.dataset.shards) for role in both]


@given(deployments())
def test_every_flow_ends_at_a_home_a_planned_site_or_a_named_group(request):
    """Exactly one replication and one backup at each site for each shard; an export only of an exception."""
    planned = plan(request, TODAY)
    sites = [site.site for site in planned.sites]
    for dataset in planned.datasets:
        shards = list(range(dataset.dataset.shards))
        assert [flow.shard for flow in dataset.replications] == shards
        assert all(isinstance(flow.target, UsRegion) and flow.target != flow.source for flow in dataset.replications)
        assert (dataset.export is None) == (dataset.dataset.export is None)
        assert (dataset.export is None) or dataset.dataset.data_class is DataClass.EXCEPTED
        assert len(dataset.export_grants) == (len(shards) if dataset.export else 0)
    for site in planned.sites:
        assert site.site.region in LegacyRegion
        assert [backup.dataset for backup in site.backups] == [dataset.dataset for dataset in planned.datasets]
        for backup in site.backups:
            assert [flow.shard for flow in backup.flows] == list(range(backup.dataset.shards))
            assert all(flow.target == site.site and flow.until == site.site.expires for flow in backup.flows)
            assert len(backup.prefixes) == len(set(backup.prefixes)) == backup.dataset.shards
    assert all(isinstance(site, Site) for site in sites)


@given(deployments(), st.integers())
def test_the_order_of_the_file_does_not_matter(request, seed):
    """Every map shuffled: the same plan, and the same order inside it."""
    planned = plan(request, TODAY)
    assert repr(plan(shuffled(request, seed), TODAY)) == repr(planned)
    for things in (planned.keys, planned.service_grants):
        assert [thing.name for thing in things] == sorted(thing.name for thing in things)
    assert [network.region for network in planned.networks] == sorted(request.oci.regions)
    assert [dataset.dataset.name for dataset in planned.datasets] == sorted(request.datasets)
    assert [site.site.name for site in planned.sites] == sorted(request.sites)


@given(deployments(), names.map(lambda name: f"{name}-more"), datasets)
def test_adding_a_dataset_moves_nothing_else(request, name, dataset):
    """All that was planned is planned as it was: names, places, keys, networks, grants, policies."""
    before, after = plan(request, TODAY), plan(with_dataset(request, name, **vars_of(dataset)), TODAY)
    others = tuple(it for it in after.datasets if it.dataset.name != name)
    sites = tuple(
        replace(site, backups=tuple(backup for backup in site.backups if backup.dataset.name != name))
        for site in after.sites
    )
    assert len(after.datasets) == len(before.datasets) + 1
    assert replace(after, datasets=others, sites=sites) == before


@given(deployments(), st.data())
def test_growing_a_dataset_only_adds(request, data):
    """Another shard leaves the buckets and flows of the shards before it as they were."""
    name = data.draw(st.sampled_from(sorted(request.datasets)))
    grown = with_dataset(request, name, shards=request.datasets[name].shards + 1)
    before, after = plan(request, TODAY), plan(grown, TODAY)
    assert set(buckets(before)) < set(buckets(after))
    assert len(buckets(after)) == len(buckets(before)) + 2
    old = {flow.name for dataset in before.datasets for flow in dataset.replications}
    assert old < {flow.name for dataset in after.datasets for flow in dataset.replications}


@given(deployments())
def test_no_two_holders_and_no_two_logical_names_are_one(request):
    """Physical names are unique in each cloud; logical names among things of a kind."""
    planned = plan(request, TODAY)
    assert len(set(buckets(planned))) == len(buckets(planned))
    flows = [flow.name for dataset in planned.datasets for flow in dataset.replications]
    flows += [dataset.export.name for dataset in planned.datasets if dataset.export]
    flows += [flow.name for site in planned.sites for backup in site.backups for flow in backup.flows]
    backups = [backup.name for site in planned.sites for backup in site.backups]
    placements = [placement.name for dataset in planned.datasets for placement in dataset.placements]
    grants = [grant.name for grant in planned.service_grants]
    grants += [grant.name for dataset in planned.datasets for grant in dataset.export_grants]
    for unique in (flows, backups + placements, grants, [key.name for key in planned.keys]):
        assert len(set(unique)) == len(unique)


@given(deployments())
def test_each_region_has_a_key_for_each_class_and_a_network_of_its_own(request):
    """Keys are the product of regions and classes; networks do not overlap, and subnets lie inside, apart."""
    planned = plan(request, TODAY)
    assert {(key.region, key.data_class) for key in planned.keys} == {
        (network.region, data_class) for network in planned.networks for data_class in DataClass
    }
    assert all(key.name == f"{request.organization}-{key.data_class}-{key.region.facts.key}" for key in planned.keys)
    for network in planned.networks:
        others = [other for other in planned.networks if other is not network]
        assert not any(network.cidr.overlaps(other.cidr) for other in others)
        assert network.peers == tuple(other.region for other in others)
        assert network.vcn.subnet_of(network.cidr)
        assert all(subnet.cidr.subnet_of(network.vcn) for subnet in network.subnets)
        first, second = network.subnets
        assert not first.cidr.overlaps(second.cidr)


@given(deployments(), st.integers(0, 4000))
def test_a_plan_may_be_exactly_until_its_first_expiry(request, ahead):
    """On the day of any expiry and after it nothing is planned; on the day before, it is."""
    as_of = TODAY + timedelta(days=ahead)
    expiries = [site.expires for site in request.sites.values()]
    expiries += [dataset.expires for dataset in request.datasets.values() if dataset.expires]
    assert (found(request, as_of) == set()) == (as_of < min(map(date.fromisoformat, expiries)))


texts = st.text(max_size=12) | st.sampled_from(
    [
        "us-ashburn-1",
        "us-east-1",
        "primary",
        "standby",
        "10.16.0.0/16",
        "protected",
        "excepted",
        "backup",
        "2027-01-01",
        "ApiKey",
        "InstancePrincipal",
    ]
)
anything = st.builds(
    DeploymentRequest,
    organization=texts,
    oci=st.builds(
        OciRequest,
        tenancy_id=texts,
        home_region=texts,
        object_storage_namespace=texts,
        auth=texts,
        profile=st.none() | texts,
        regions=st.dictionaries(
            texts, st.builds(OciRegionRequest, role=texts, cidr=texts, service_id=texts), max_size=3
        ),
    ),
    datasets=st.dictionaries(
        texts,
        st.builds(
            DatasetRequest,
            data_class=st.none() | texts,
            shards=st.integers() | st.just(10**5000),
            reason=st.none() | texts,
            expires=st.none() | texts,
            export=st.none() | st.builds(ExportRequest, name=texts, group=texts),
        ),
        max_size=3,
    ),
    sites=st.dictionaries(
        texts,
        st.builds(
            SiteRequest,
            region=texts,
            account_id=texts,
            deployer_role=texts,
            phase=texts,
            expires=texts,
            adopt=st.dictionaries(texts, texts, max_size=2),
        ),
        max_size=3,
    ),
)


@given(anything, st.dates())
def test_the_planner_is_total(request, as_of):
    """For any request whatever, and any day: refused with at least one finding, each complete and each once, sorted."""
    with pytest.raises(ResidencyError) as refused:  # a tenancy of at most 17 characters is none
        plan(request, as_of)
    findings = refused.value.findings
    assert all(finding.given and finding.allowed and finding.fix for finding in findings)
    assert [finding.path for finding in findings] == sorted(finding.path for finding in findings)
    assert len(set(findings)) == len(findings) > 0


def test_a_dataset_is_stored_in_the_compartment_and_under_the_key_of_its_class():
    """The compartment is a function of the class alone."""
    planned = plan(GOOD, TODAY)
    classes = {dataset.dataset.name: of_class(dataset.dataset.data_class).value for dataset in planned.datasets}
    assert classes == {
        "avatars": "public",
        "messages": "protected",
        "metrics": "excepted",
        "profiles": "protected",
        "videos": "protected",
    }


def vars_of(dataset: DatasetRequest) -> dict[str, object]:
    """The fields of a dataset, as changes."""
    return {name: getattr(dataset, name) for name in ("data_class", "shards", "reason", "expires", "export")}
