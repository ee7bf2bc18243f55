"""Every rule of the planner, broken once: exactly that rule at exactly that path, and nothing else.

Each case edits one thing of a deployment that may be. Together with the good deployment's empty set of findings this
shows that a rule fires for what it forbids and for nothing around it.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.residency.aws_policy import Action, Effect, Everyone, Statement, bucket_arn
from infra.residency.dataset import DataClass
from infra.residency.deployment import DatasetRequest, ExportRequest
from infra.residency.findings import ResidencyError
from infra.residency.planner import MOST_HOLDERS, judge, plan
from infra.residency.regions import UsRegion
from tests.residency.samples import (
    EXCEPTED,
    GOOD,
    TODAY,
    deployments,
    found,
    region,
    renamed_region,
    service_id,
    site,
    with_dataset,
    with_oci,
    with_region,
    with_site,
)

IAD, PHX, ORD = "us-ashburn-1", "us-phoenix-1", "us-chicago-1"
EXPORT = ExportRequest(name="capacity-planning", group="capacity-planners")

ILLEGAL = {
    "organization in upper case": (replace(GOOD, organization="USDS"), "name", "organization"),
    "organization of one letter": (replace(GOOD, organization="u"), "name", "organization"),
    "organization too long": (replace(GOOD, organization="u" * 13), "name", "organization"),
    "organization with a path in it": (replace(GOOD, organization="../us"), "name", "organization"),
    "organization with a newline": (replace(GOOD, organization="usds\n"), "name", "organization"),
    "tenancy of another realm": (
        with_oci(GOOD, tenancy_id="ocid1.tenancy.oc3..aaaaaaaa1"),
        "identifier",
        "oci.tenancyId",
    ),
    "tenancy that is a compartment": (
        with_oci(GOOD, tenancy_id="ocid1.compartment.oc1..aaaaaaaa1"),
        "identifier",
        "oci.tenancyId",
    ),
    "home region abroad": (with_oci(GOOD, home_region="eu-frankfurt-1"), "home-region", "oci.homeRegion"),
    "home region misspelled": (with_oci(GOOD, home_region="us-ashburn1"), "home-region", "oci.homeRegion"),
    "namespace with a slash": (
        with_oci(GOOD, object_storage_namespace="ax/../b"),
        "identifier",
        "oci.objectStorageNamespace",
    ),
    "no such auth method": (with_oci(GOOD, auth="apikey"), "identifier", "oci.auth.method"),
    "no auth method at all": (with_oci(GOOD, auth=""), "identifier", "oci.auth.method"),
    "API key without a profile": (with_oci(GOOD, profile=None), "identifier", "oci.auth.profile"),
    "principal with a profile": (with_oci(GOOD, auth="InstancePrincipal"), "identifier", "oci.auth.profile"),
    "profile with a quote": (with_oci(GOOD, profile="a'b"), "identifier", "oci.auth.profile"),
    "region of another realm": (
        renamed_region(GOOD, ORD, "us-gov-chicago-1"),
        "region",
        "oci.regions.us-gov-chicago-1",
    ),
    "region in Singapore": (renamed_region(GOOD, ORD, "ap-singapore-1"), "region", "oci.regions.ap-singapore-1"),
    "region in upper case": (renamed_region(GOOD, ORD, "US-CHICAGO-1"), "region", "oci.regions.US-CHICAGO-1"),
    "region that is not open": (renamed_region(GOOD, ORD, "us-saltlake-2"), "region", "oci.regions.us-saltlake-2"),
    "no such role": (with_region(GOOD, ORD, role="third"), "region-role", f"oci.regions.{ORD}.role"),
    "primary misspelled": (with_region(GOOD, IAD, role="primry"), "region-role", f"oci.regions.{IAD}.role"),
    "two primaries": (with_region(GOOD, ORD, role="primary"), "region-role", "oci.regions"),
    "no standby": (with_region(GOOD, PHX, role="spare"), "region-role", "oci.regions"),
    "services of another region": (
        with_region(GOOD, IAD, service_id=service_id(PHX)),
        "identifier",
        f"oci.regions.{IAD}.serviceId",
    ),
    "no service id": (with_region(GOOD, IAD, service_id="all"), "identifier", f"oci.regions.{IAD}.serviceId"),
    "CIDR that is a fruit": (with_region(GOOD, IAD, cidr="banana"), "cidr", f"oci.regions.{IAD}.cidr"),
    "CIDR out of range": (with_region(GOOD, IAD, cidr="10.300.0.0/16"), "cidr", f"oci.regions.{IAD}.cidr"),
    "CIDR with an impossible prefix": (with_region(GOOD, IAD, cidr="10.16.0.0/99"), "cidr", f"oci.regions.{IAD}.cidr"),
    "CIDR with a leading zero": (with_region(GOOD, IAD, cidr="10.016.0.0/16"), "cidr", f"oci.regions.{IAD}.cidr"),
    "CIDR of IPv6": (with_region(GOOD, IAD, cidr="fd00::/48"), "cidr", f"oci.regions.{IAD}.cidr"),
    "CIDR with host bits": (with_region(GOOD, IAD, cidr="10.16.0.1/16"), "cidr", f"oci.regions.{IAD}.cidr"),
    "CIDR that is public": (with_region(GOOD, IAD, cidr="198.51.0.0/16"), "cidr", f"oci.regions.{IAD}.cidr"),
    "CIDR too large": (with_region(GOOD, IAD, cidr="10.32.0.0/15"), "cidr", f"oci.regions.{IAD}.cidr"),
    "CIDR too small": (with_region(GOOD, IAD, cidr="10.32.0.0/25"), "cidr", f"oci.regions.{IAD}.cidr"),
    "CIDRs that are the same": (
        with_region(GOOD, ORD, cidr="10.16.0.0/16"),
        "cidr-overlap",
        f"oci.regions.{ORD}.cidr",
    ),
    "CIDR inside another": (with_region(GOOD, ORD, cidr="10.16.4.0/24"), "cidr-overlap", f"oci.regions.{ORD}.cidr"),
    "no dataset": (replace(GOOD, datasets={}, sites={"virginia": site()}), "empty-map", "datasets"),
    "dataset with a capital": (with_dataset(GOOD, "Profiles"), "name", "datasets.Profiles"),
    "dataset with a dot": (with_dataset(GOOD, "a.b"), "name", 'datasets."a.b"'),
    "dataset that looks like a shard": (with_dataset(GOOD, "videos-1"), "name", "datasets.videos-1"),
    "dataset that looks like a flow": (with_dataset(GOOD, "mail-to-us"), "name", "datasets.mail-to-us"),
    "dataset of markup": (with_dataset(GOOD, "<script>"), "name", 'datasets."<script>"'),
    "dataset too long": (with_dataset(GOOD, "d" * 25), "name", f"datasets.{'d' * 25}"),
    "dataset called reports": (with_dataset(GOOD, "reports"), "name", "datasets.reports"),
    "dataset called state": (with_dataset(GOOD, "state"), "name", "datasets.state"),
    "no such class": (with_dataset(GOOD, "profiles", data_class="secret"), "data-class", "datasets.profiles.class"),
    "class of nothing": (with_dataset(GOOD, "profiles", data_class=""), "data-class", "datasets.profiles.class"),
    "no shards": (with_dataset(GOOD, "profiles", shards=0), "shards", "datasets.profiles.shards"),
    "too many shards": (with_dataset(GOOD, "profiles", shards=65), "shards", "datasets.profiles.shards"),
    "more shards than digits": (with_dataset(GOOD, "profiles", shards=10**5000), "shards", "datasets.profiles.shards"),
    "exception without reason": (with_dataset(GOOD, "metrics", reason=None), "missing-key", "datasets.metrics.reason"),
    "exception without end": (with_dataset(GOOD, "metrics", expires=None), "missing-key", "datasets.metrics.expires"),
    "exception that is over": (
        with_dataset(GOOD, "metrics", expires="2026-11-23"),
        "expired",
        "datasets.metrics.expires",
    ),
    "exception that ends today": (
        with_dataset(GOOD, "metrics", expires="2026-11-24"),
        "expired",
        "datasets.metrics.expires",
    ),
    "exception until no day": (
        with_dataset(GOOD, "metrics", expires="2027-02-30"),
        "date",
        "datasets.metrics.expires",
    ),
    "exception until a week": (
        with_dataset(GOOD, "metrics", expires="2027-W06-7"),
        "date",
        "datasets.metrics.expires",
    ),
    "exception until nothing": (with_dataset(GOOD, "metrics", expires=""), "date", "datasets.metrics.expires"),
    "reason of two lines": (with_dataset(GOOD, "metrics", reason="one\ntwo"), "name", "datasets.metrics.reason"),
    "reason with markup": (with_dataset(GOOD, "metrics", reason="<b>because</b>"), "name", "datasets.metrics.reason"),
    "reason for a protected dataset": (
        with_dataset(GOOD, "profiles", reason="because"),
        "data-class",
        "datasets.profiles.reason",
    ),
    "end of a public dataset": (
        with_dataset(GOOD, "avatars", expires="2027-06-30"),
        "data-class",
        "datasets.avatars.expires",
    ),
    "export of a protected dataset": (
        with_dataset(GOOD, "profiles", export=EXPORT),
        "export",
        "datasets.profiles.export",
    ),
    "export of a dataset without class": (
        with_dataset(GOOD, "messages", export=EXPORT),
        "export",
        "datasets.messages.export",
    ),
    "export to a group with a quote": (
        with_dataset(GOOD, "metrics", export=ExportRequest(name="x1", group="a' to manage all-resources")),
        "name",
        "datasets.metrics.export.group",
    ),
    "export without a name": (
        with_dataset(GOOD, "metrics", export=ExportRequest(name="", group="planners")),
        "name",
        "datasets.metrics.export.name",
    ),
    "no site": (replace(GOOD, sites={}), "empty-map", "legacy.sites"),
    "site with a blank": (replace(GOOD, sites={"new york": site()}), "name", 'legacy.sites."new york"'),
    "site like a region": (replace(GOOD, sites={PHX: site()}), "name", f"legacy.sites.{PHX}"),
    "site in another region of AWS": (
        with_site(GOOD, "virginia", region="us-west-2"),
        "region",
        "legacy.sites.virginia.region",
    ),
    "site in Oracle Cloud": (with_site(GOOD, "virginia", region=IAD), "region", "legacy.sites.virginia.region"),
    "account of eleven digits": (
        with_site(GOOD, "virginia", account_id="11111111111"),
        "identifier",
        "legacy.sites.virginia.accountId",
    ),
    "deployer by ARN": (
        with_site(GOOD, "virginia", deployer_role="arn:aws:iam::111111111111:role/d"),
        "name",
        "legacy.sites.virginia.deployerRole",
    ),
    "deployer with a wildcard": (
        with_site(GOOD, "virginia", deployer_role="*"),
        "name",
        "legacy.sites.virginia.deployerRole",
    ),
    "deployer that is the transfer": (
        with_site(GOOD, "virginia", deployer_role="usds-transfer-virginia"),
        "site",
        "legacy.sites.virginia.deployerRole",
    ),
    "drain by nobody": (with_site(GOOD, "virginia", phase="drain"), "site", "legacy.sites.virginia.operatorRole"),
    "wipe without receipts": (
        with_site(GOOD, "virginia", phase="wipe", operator_role="retirers"),
        "receipt",
        "legacy.sites.virginia.phase",
    ),
    "closed without receipts": (
        with_site(GOOD, "virginia", phase="closed"),
        "receipt",
        "legacy.sites.virginia.phase",
    ),
    "operator who deploys": (
        with_site(GOOD, "virginia", operator_role="usdata-deployer"),
        "site",
        "legacy.sites.virginia.operatorRole",
    ),
    "operator that the stack makes": (
        with_site(GOOD, "virginia", operator_role="usds-retire-virginia"),
        "site",
        "legacy.sites.virginia.operatorRole",
    ),
    "operator that is nobody": (
        with_site(GOOD, "virginia", operator_role=""),
        "name",
        "legacy.sites.virginia.operatorRole",
    ),
    "extension of markup": (
        with_site(GOOD, "virginia", extension="<b>"),
        "name",
        "legacy.sites.virginia.extension",
    ),
    "census that is none": (
        with_site(GOOD, "virginia", confirm_census="5A1E"),
        "identifier",
        "legacy.sites.virginia.confirmCensus",
    ),
    "signer without a key": (replace(GOOD, signers={"security": "c2hvcnQ="}), "signer", "legacy.signers.security"),
    "signer with no base64": (replace(GOOD, signers={"security": "§"}), "signer", "legacy.signers.security"),
    "signer under two names": (
        replace(GOOD, signers={"compliance": "A" * 43 + "=", "security": "A" * 43 + "="}),
        "signer",
        "legacy.signers.security",
    ),
    "signer with a name of markup": (replace(GOOD, signers={"<b>": "A" * 43 + "="}), "name", 'legacy.signers."<b>"'),
    "phase that is none": (with_site(GOOD, "virginia", phase="bakup"), "phase", "legacy.sites.virginia.phase"),
    "phase of nothing": (with_site(GOOD, "virginia", phase=""), "phase", "legacy.sites.virginia.phase"),
    "site that is over": (
        with_site(GOOD, "virginia", expires="2026-11-24"),
        "expired",
        "legacy.sites.virginia.expires",
    ),
    "site without a day": (with_site(GOOD, "virginia", expires="soon"), "date", "legacy.sites.virginia.expires"),
    "two sites in one place": (
        replace(GOOD, sites={"virginia": site(), "manassas": site()}),
        "site",
        "legacy.sites.virginia",
    ),
    "adopted for no dataset": (
        with_site(GOOD, "virginia", adopt={"profils": "old-bucket"}),
        "adopt",
        "legacy.sites.virginia.adopt.profils",
    ),
    "adopted by a path": (
        with_site(GOOD, "virginia", adopt={"profiles": "../secrets"}),
        "adopt",
        "legacy.sites.virginia.adopt.profiles",
    ),
    "adopted by an address": (
        with_site(GOOD, "virginia", adopt={"profiles": "192.168.5.4"}),
        "adopt",
        "legacy.sites.virginia.adopt.profiles",
    ),
    "adopted twice": (
        with_site(GOOD, "virginia", adopt={"profiles": "tt-sg-profiles-backup"}),
        "name-collision",
        "legacy.sites.virginia.adopt.profiles",
    ),
    "adopted what another creates": (
        with_site(GOOD, "virginia", adopt={"profiles": "usds-videos-use1-111111111111"}),
        "name-collision",
        "legacy.sites.virginia.adopt.profiles",
    ),
    "adopted the reports": (
        with_site(GOOD, "virginia", adopt={"profiles": "usds-reports-use1-111111111111"}),
        "name-collision",
        "legacy.sites.virginia.adopt.profiles",
    ),
    "two backups of one name": (
        replace(
            GOOD,
            datasets={"mail": DatasetRequest(), "mail-old": DatasetRequest()},
            sites={"old-site": site(), "site": site("ap-southeast-1", "222222222222")},
        ),
        "name-collision",
        "legacy.sites.site",
    ),
    "more buckets than a stack should have": (
        with_dataset(with_dataset(GOOD, "videos", shards=64), "messages", shards=30),
        "limit",
        "datasets",
    ),
}


def test_the_good_deployment_may_be():
    """What every case below differs from in one respect."""
    assert found(GOOD) == set()


@pytest.mark.parametrize(("request_", "rule", "path"), ILLEGAL.values(), ids=ILLEGAL)
def test_a_single_illegal_edit_is_refused_by_its_rule_alone(request_, rule, path):
    """The whole set of findings is one: the right rule at the right path."""
    assert found(request_) == {(rule, path)}


@pytest.mark.no_cover
@given(deployments(), st.data())
def test_any_deployment_is_refused_for_any_single_illegal_edit(request, data):
    """The same for edits of deployments of every kind, at a region, dataset and site drawn from them."""
    at = data.draw(st.sampled_from(sorted(request.oci.regions)))
    dataset = data.draw(st.sampled_from(sorted(request.datasets)))
    where = data.draw(st.sampled_from(sorted(request.sites)))
    wrong_class = data.draw(st.text(max_size=9).filter(lambda text: text not in set(DataClass)))
    wrong_day = (TODAY - timedelta(days=data.draw(st.integers(0, 9999)))).isoformat()
    edited, expected = data.draw(
        st.sampled_from(
            [
                (renamed_region(request, at, "us-newark-1"), ("region", "oci.regions.us-newark-1")),
                (with_region(request, at, cidr="0.0.0.0/0"), ("cidr", f"oci.regions.{at}.cidr")),
                (with_region(request, at, role="both"), ("region-role", f"oci.regions.{at}.role")),
                (with_oci(request, home_region="uk-london-1"), ("home-region", "oci.homeRegion")),
                (with_dataset(request, dataset, data_class=wrong_class), ("data-class", f"datasets.{dataset}.class")),
                (with_dataset(request, dataset, shards=-1), ("shards", f"datasets.{dataset}.shards")),
                (with_site(request, where, region="eu-west-1"), ("region", f"legacy.sites.{where}.region")),
                (with_site(request, where, phase="gone"), ("phase", f"legacy.sites.{where}.phase")),
                (with_site(request, where, phase="closed"), ("receipt", f"legacy.sites.{where}.phase")),
                (with_site(request, where, expires=wrong_day), ("expired", f"legacy.sites.{where}.expires")),
            ]
        )
    )
    assert found(edited) == {expected}


def test_all_problems_are_reported_at_once():
    """Edits in different places: the union of their findings, none hidden by another, none invented."""
    edited = with_site(GOOD, "virginia", expires="soon", region="us-west-2")
    edited = with_dataset(with_dataset(edited, "profiles", data_class="secret"), "metrics", reason=None)
    edited = with_region(with_oci(edited, home_region="IAD"), "us-chicago-1", cidr="10.17.0.0/16")
    assert found(replace(edited, organization="")) == {
        ("name", "organization"),
        ("home-region", "oci.homeRegion"),
        ("cidr-overlap", "oci.regions.us-phoenix-1.cidr"),
        ("data-class", "datasets.profiles.class"),
        ("missing-key", "datasets.metrics.reason"),
        ("region", "legacy.sites.virginia.region"),
        ("date", "legacy.sites.virginia.expires"),
    }


def test_no_region_at_all_lacks_both_roles():
    """An empty map of regions has neither a primary nor a standby: two findings at one path."""
    with pytest.raises(ResidencyError) as refused:
        plan(with_oci(GOOD, regions={}), TODAY)
    assert [(it.rule.value, it.path, it.given) for it in refused.value.findings] == [
        ("region-role", "oci.regions", "no primary region"),
        ("region-role", "oci.regions", "no standby region"),
    ]


@pytest.mark.parametrize(
    ("edited", "fix"),
    [
        (replace(GOOD, organization="US DS"), "did you mean us-ds?"),
        (replace(GOOD, organization="7"), "write it like usds"),
        (with_oci(GOOD, auth="apikey"), "did you mean ApiKey?"),
        (with_oci(GOOD, auth="password"), "name one of these"),
        (with_region(GOOD, IAD, cidr="10.16.3.0/16"), "did you mean 10.16.0.0/16?"),
        (with_dataset(GOOD, "profiles", data_class="PROTECTED"), "did you mean protected?"),
        (with_dataset(GOOD, "profiles", shards=0), "did you mean 1?"),
        (with_dataset(GOOD, "profiles", shards=99), "did you mean 64?"),
        (with_site(GOOD, "virginia", phase="bakup"), "did you mean backup?"),
        (with_site(GOOD, "virginia", adopt={"profils": "old-bucket"}), "did you mean profiles?"),
    ],
)
def test_a_finding_names_the_nearest_valid_value(edited, fix):
    """What was probably meant is offered; where nothing is near, what to do."""
    with pytest.raises(ResidencyError) as refused:
        plan(edited, TODAY)
    assert [finding.fix for finding in refused.value.findings] == [fix]


def test_as_many_buckets_as_a_stack_may_have_are_planned():
    """The limit itself passes; one dataset more does not. Counted in buckets of the plan."""
    one_site = replace(GOOD, sites={"virginia": site()}, datasets={"videos": DatasetRequest(shards=64)})
    full = with_dataset(with_dataset(one_site, "mail", shards=34), "logs", shards=0)
    full = replace(full, datasets={"videos": DatasetRequest(shards=64), "mail": DatasetRequest(shards=34)})
    planned = plan(full, TODAY)
    holders = sum(len(it.placements) for it in planned.datasets) + sum(len(it.backups) + 1 for it in planned.sites)
    assert holders == 199 < MOST_HOLDERS
    assert found(with_dataset(full, "mail", shards=35)) == {("limit", "datasets")}


def test_adoption_replaces_the_planned_bucket_and_nothing_else():
    """The adopted bucket has its own name, says so, and may deliver inventories; all others are created."""
    singapore = next(it for it in plan(GOOD, TODAY).sites if it.site.name == "singapore")
    assert {(backup.bucket, backup.adopted) for backup in singapore.backups} == {
        ("tt-sg-profiles-backup", True),
        ("usds-avatars-apse1-222222222222", False),
        ("usds-messages-apse1-222222222222", False),
        ("usds-metrics-apse1-222222222222", False),
        ("usds-videos-apse1-222222222222", False),
    }
    assert singapore.reports_bucket == "usds-reports-apse1-222222222222"
    delivery = singapore.reports_policy.statements[0]
    assert delivery.conditions[0].values == (
        "arn:aws:s3:::usds-*-apse1-222222222222",
        "arn:aws:s3:::tt-sg-profiles-backup",
    )


def test_a_finished_plan_is_judged_once_more():
    """A plan made by hand with an illegal copy, an illegal backup, an illegal export and a lock-out: all four found."""
    good = plan(GOOD, TODAY)
    metrics = next(it for it in good.datasets if it.dataset.name == "metrics")
    virginia = next(it for it in good.sites if it.site.name == "virginia")
    backup = virginia.backups[0]
    lockout = Statement(
        sid="DenyAll",
        effect=Effect.DENY,
        principal=Everyone.EVERYONE,
        actions=(Action.ANY,),
        resources=(bucket_arn(backup.bucket),),
        conditions=(),
    )
    bad_backup = replace(
        backup,
        flows=(replace(backup.flows[0], until=None), *backup.flows[1:]),
        policy=replace(backup.policy, statements=(*backup.policy.statements, lockout)),
    )
    bad_metrics = replace(
        metrics,
        replications=(replace(metrics.replications[0], target=UsRegion.ASHBURN),),
        export=replace(metrics.export, target="everyone"),
    )
    bad = replace(
        good,
        datasets=tuple(bad_metrics if it is metrics else it for it in good.datasets),
        sites=tuple(replace(it, backups=(bad_backup, *it.backups[1:])) if it is virginia else it for it in good.sites),
    )
    assert list(judge(good, TODAY)) == []
    assert sorted((it.rule.value, it.path) for it in judge(bad, TODAY)) == [
        ("flow", "datasets.metrics"),
        ("flow", "datasets.metrics"),
        ("flow", "legacy.sites.virginia"),
        ("lockout", "legacy.sites.virginia.deployerRole"),
    ]


def test_the_planner_refuses_what_its_own_judgement_refuses(monkeypatch):
    """Should a policy ever be written that locks the deployer out, no plan with it gets out of the planner."""
    monkeypatch.setattr(
        "infra.residency.planner.lockouts", lambda _policy, _deployer: (("Deny", ("s3:GetBucketPolicy",)),)
    )
    assert found(GOOD) == {
        ("lockout", "legacy.sites.singapore.deployerRole"),
        ("lockout", "legacy.sites.virginia.deployerRole"),
    }


def test_an_excepted_dataset_may_do_without_an_export():
    """An exception is stored like a protected dataset; nobody reads it until an export says who."""
    planned = plan(with_dataset(GOOD, "metrics", export=None), TODAY)
    metrics = next(it for it in planned.datasets if it.dataset.name == "metrics")
    assert (metrics.export, metrics.export_grants) == (None, ())
    assert EXCEPTED.export is not None


def test_a_spare_region_has_a_network_and_keys_but_no_data():
    """Chicago is planned as a spare: in the networks and keys, in no placement."""
    planned = plan(GOOD, TODAY)
    assert UsRegion.CHICAGO in {network.region for network in planned.networks}
    assert UsRegion.CHICAGO in {key.region for key in planned.keys}
    assert {it.region for dataset in planned.datasets for it in dataset.placements} == {
        UsRegion.ASHBURN,
        UsRegion.PHOENIX,
    }
    assert region(ORD, role="spare", block=18) == GOOD.oci.regions[ORD]
