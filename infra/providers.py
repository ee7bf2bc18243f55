"""The only place where a provider is made: one for each region, with the region in its name.

What it refuses:

* *A provider for several places.* Resources of Oracle Cloud carry no region, their provider decides; and a changed
  region of an existing provider is an in-place update that leaves every resource as it was. With the region in the
  provider's name, another region is another provider.
* *Anything ambient.* Region, tenancy, account and the way to log in are set here from the plan; of the environment only
  the credentials themselves remain, and for AWS they count only if the deployer's role in the right account can be
  assumed with them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi_aws as aws
import pulumi_oci as oci

from infra.residency.aws_policy import role_arn
from infra.residency.lifecycle import Site
from infra.residency.organization_policy import OrganizationPlan
from infra.residency.placement import Plan, Tenancy
from infra.residency.regions import LegacyRegion, UsRegion

_SESSION = "usdata"


@dataclass(frozen=True, slots=True, kw_only=True)
class Providers:
    """Every provider of a stack.

    Attributes:
        home: Oracle Cloud in the tenancy's home region, for identity, tags and quotas.
        regions: Oracle Cloud in each region of the plan.
        management: AWS in the management account of the sites' organization; None where it is not managed here.
        sites: AWS at each legacy site that is not closed, by its name.
    """

    home: oci.Provider
    regions: Mapping[UsRegion, oci.Provider]
    management: aws.Provider | None
    sites: Mapping[str, aws.Provider]


def connect(plan: Plan) -> Providers:
    """The providers that a plan needs."""
    return Providers(
        home=_oracle(f"oci-home-{plan.tenancy.home}", plan.tenancy, plan.tenancy.home),
        regions={
            network.region: _oracle(f"oci-{network.region}", plan.tenancy, network.region) for network in plan.networks
        },
        management=None if plan.control is None else _management(plan.control),
        sites={site.site.name: _site(site.site) for site in plan.sites if site.site.phase.has_holders},
    )


def _oracle(name: str, tenancy: Tenancy, region: UsRegion) -> oci.Provider:
    return oci.Provider(
        name,
        region=region.value,
        tenancy_ocid=tenancy.id,
        auth=tenancy.auth.value,
        config_file_profile=tenancy.profile,
    )


def _site(site: Site) -> aws.Provider:
    return _amazon(f"aws-{site.name}", site.region, site.account_id, site.deployer_role)


def _management(control: OrganizationPlan) -> aws.Provider:
    """Organizations has one endpoint for the whole world, and it is in Virginia."""
    return _amazon("aws-organization", LegacyRegion.VIRGINIA, control.account_id, control.deployer_role)


def _amazon(name: str, region: LegacyRegion, account_id: str, role: str) -> aws.Provider:
    return aws.Provider(
        f"{name}-{region}",
        region=region.value,
        allowed_account_ids=[account_id],
        assume_roles=[aws.ProviderAssumeRoleArgs(role_arn=role_arn(account_id, role), session_name=_SESSION)],
    )
