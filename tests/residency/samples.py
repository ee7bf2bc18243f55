"""A deployment that may be, as a value to edit, and strategies for many of them."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from infra.residency.deployment import (
    DatasetRequest,
    DeploymentRequest,
    ExportRequest,
    OciRegionRequest,
    OciRequest,
    SiteRequest,
)
from infra.residency.evidence import NO_EVIDENCE, Evidence
from infra.residency.findings import ResidencyError
from infra.residency.guardrails_request import GuardrailsRequest
from infra.residency.planner import plan
from infra.residency.security_zones import Detector, SecurityPolicy
from infra.residency.traffic_request import EdgeRequest, HostnameRequest, TrafficRequest

TODAY = date(2026, 11, 24)
TENANCY = "ocid1.tenancy.oc1..aaaaaaaasandbox"
KEYS = {"us-ashburn-1": "iad", "us-phoenix-1": "phx", "us-chicago-1": "ord", "us-sanjose-1": "sjc"}


def service_id(region: str) -> str:
    """An identifier of the region's services."""
    return f"ocid1.service.oc1.{KEYS.get(region, region)}.aaaaaaaasandbox"


def region(name: str, *, role: str, block: int) -> OciRegionRequest:
    """A region of a role with a network of its own."""
    return OciRegionRequest(role=role, cidr=f"10.{block}.0.0/16", service_id=service_id(name))


def site(place: str = "us-east-1", account: str = "111111111111", **changes: Any) -> SiteRequest:
    """A site that may be, with changes."""
    good = SiteRequest(
        region=place, account_id=account, deployer_role="usdata-deployer", phase="backup", expires="2027-03-31"
    )
    return replace(good, **changes)


EXCEPTED = DatasetRequest(
    data_class="excepted",
    reason="global capacity planning",
    expires="2027-06-30",
    export=ExportRequest(name="capacity-planning", group="capacity-planners"),
)

GOOD = DeploymentRequest(
    organization="usds",
    oci=OciRequest(
        tenancy_id=TENANCY,
        home_region="us-ashburn-1",
        object_storage_namespace="axsandbox",
        auth="ApiKey",
        profile="sandbox",
        regions={
            "us-ashburn-1": region("us-ashburn-1", role="primary", block=16),
            "us-phoenix-1": region("us-phoenix-1", role="standby", block=17),
            "us-chicago-1": region("us-chicago-1", role="spare", block=18),
        },
    ),
    datasets={
        "profiles": DatasetRequest(data_class="protected"),
        "messages": DatasetRequest(),
        "videos": DatasetRequest(data_class="protected", shards=2),
        "metrics": EXCEPTED,
        "avatars": DatasetRequest(data_class="public"),
    },
    sites={
        "virginia": site(),
        "singapore": site("ap-southeast-1", "222222222222", adopt={"profiles": "tt-sg-profiles-backup"}),
    },
)


def edge(name: str, *, block: int) -> EdgeRequest:
    """A public edge of a region."""
    return EdgeRequest(
        certificate_id=f"ocid1.certificate.oc1.{KEYS[name]}.aaaaaaaasandbox",
        authority_id=f"ocid1.cabundle.oc1.{KEYS[name]}.aaaaaaaasandbox",
        backend_port=8443,
        backends={"app-1": f"10.{block}.32.10", "app-2": f"10.{block}.32.11"},
    )


ANSWERING = replace(
    GOOD,
    traffic=TrafficRequest(
        zone="us.example.com",
        ipv6=True,
        edges={"us-ashburn-1": edge("us-ashburn-1", block=16), "us-phoenix-1": edge("us-phoenix-1", block=17)},
        hostnames={
            "api": HostnameRequest(health="/healthz"),
            "share": HostnameRequest(health="/healthz", others="us-phoenix-1"),
            "upload": HostnameRequest(health="/ready", weights={"us-ashburn-1": 70, "us-phoenix-1": 30}),
        },
        records={"@": {"CAA": {"authority": '0 issue "ca.example.com"'}, "TXT": {"no-mail": "v=spf1 -all"}}},
    ),
)
"""The same, answering users: over both kinds of addresses, with each template once."""


GUARDED = replace(
    GOOD,
    guardrails=GuardrailsRequest(
        detector_recipes={
            kind: f"ocid1.cloudguarddetectorrecipe.oc1.iad.aaaaaaaa{kind}" for kind in map(str, Detector)
        },
        security_policies={
            policy: f"ocid1.securityzonessecuritypolicy.oc1..aaaaaaaa{policy.replace('_', '')}"
            for policy in map(str, SecurityPolicy)
        },
    ),
)
"""The same with Cloud Guard and security zones."""


def with_oci(request: DeploymentRequest, **changes: Any) -> DeploymentRequest:
    """The request with changes under `oci`."""
    return replace(request, oci=replace(request.oci, **changes))


def with_region(request: DeploymentRequest, name: str, **changes: Any) -> DeploymentRequest:
    """The request with changes to one region."""
    regions = {**request.oci.regions, name: replace(request.oci.regions[name], **changes)}
    return with_oci(request, regions=regions)


def renamed_region(request: DeploymentRequest, old: str, new: str) -> DeploymentRequest:
    """The request with one region under another name."""
    return with_oci(request, regions={new if name == old else name: it for name, it in request.oci.regions.items()})


def with_dataset(request: DeploymentRequest, name: str, **changes: Any) -> DeploymentRequest:
    """The request with changes to one dataset, or with one more."""
    dataset = replace(request.datasets.get(name, DatasetRequest()), **changes)
    return replace(request, datasets={**request.datasets, name: dataset})


def with_site(request: DeploymentRequest, name: str, **changes: Any) -> DeploymentRequest:
    """The request with changes to one site."""
    return replace(request, sites={**request.sites, name: replace(request.sites[name], **changes)})


def found(request: DeploymentRequest, as_of: date = TODAY, evidence: Evidence = NO_EVIDENCE) -> set[tuple[str, str]]:
    """Rule and path of everything that the planner finds; empty where the plan may be."""
    try:
        plan(request, as_of, evidence)
    except ResidencyError as error:
        return {(finding.rule.value, finding.path) for finding in error.findings}
    return set()


names = st.from_regex(r"[a-z][a-z0-9]{1,8}(-[a-z][a-z0-9]{0,6})?", fullmatch=True).filter(
    lambda name: name not in {"reports", "state"} and "to" not in name.split("-")
)
days = st.integers(1, 3000).map(lambda ahead: (TODAY + timedelta(days=ahead)).isoformat())

datasets = st.one_of(
    st.builds(DatasetRequest, data_class=st.sampled_from([None, "protected", "public"]), shards=st.integers(1, 3)),
    st.builds(
        DatasetRequest,
        data_class=st.just("excepted"),
        shards=st.integers(1, 2),
        reason=st.just("an emergency"),
        expires=days,
        export=st.none() | st.builds(ExportRequest, name=names, group=st.just("responders")),
    ),
)


@st.composite
def deployments(draw: st.DrawFn) -> DeploymentRequest:
    """Deployments that may be."""
    chosen = draw(st.permutations(sorted(KEYS)))[: draw(st.integers(2, 4))]
    roles = ["primary", "standby", "spare", "spare"]
    blocks = draw(st.permutations(range(16, 24)))
    regions = {
        name: region(name, role=role, block=block) for name, role, block in zip(chosen, roles, blocks, strict=False)
    }
    body = draw(st.dictionaries(names, datasets, min_size=1, max_size=4))
    places = draw(st.lists(st.sampled_from(["us-east-1", "ap-southeast-1"]), min_size=1, max_size=2, unique=True))
    # a hyphen in both names could make one backup's name of two
    site_names = draw(
        st.lists(names.filter(lambda name: "-" not in name), min_size=len(places), max_size=len(places), unique=True)
    )
    sites = {
        name: site(place, account, expires=draw(days))
        for name, place, account in zip(site_names, places, ["111111111111", "222222222222"], strict=False)
    }
    good = replace(GOOD, datasets=body, sites=sites, organization=draw(st.sampled_from(["usds", "us", "acme-data"])))
    return with_oci(good, regions=regions, home_region=draw(st.sampled_from(sorted(KEYS))))
