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

from infra.residency import naming
from infra.residency.aws_policy import role_arn
from infra.residency.lifecycle import Site
from infra.residency.organization_policy import OrganizationPlan
from infra.residency.placement import Plan, Tenancy
from infra.residency.regions import LegacyRegion, UsRegion
from infra.residency.trails import ARCHIVE_REGION, ArchivePlan

_SESSION = "usdata"


@dataclass(frozen=True, slots=True, kw_only=True)
class Providers:
    """Every provider of a stack.

    Attributes:
        home: Oracle Cloud in the tenancy's home region, for identity, tags and quotas.
        regions: Oracle Cloud in each region of the plan.
        management: AWS in the management account of the sites' organization; None where it is not managed here.
        archive: AWS where the trails of the sites go; None where they are not kept.
        sites: AWS at each legacy site that is not closed, by its name.
        accounts: of these the one by which an account is reached, whatever the region: that of its first site.
    """

    home: oci.Provider
    regions: Mapping[UsRegion, oci.Provider]
    management: aws.Provider | None
    archive: aws.Provider | None
    sites: Mapping[str, aws.Provider]
    accounts: Mapping[str, aws.Provider]


def connect(plan: Plan) -> Providers:
    """The providers that a plan needs."""
    by_token = plan.ci is not None
    open_sites = [site.site for site in plan.sites if site.site.phase.has_holders]
    sites = {site.name: _site(site, by_token=by_token) for site in open_sites}
    management = None if plan.control is None else _management(plan.control, by_token=by_token)
    accounts = {site.account_id: sites[site.name] for site in reversed(open_sites)}
    if plan.control is not None and management is not None:
        accounts[plan.control.account_id] = management
    archive = None if plan.archive is None else _archive(plan.archive, by_token=by_token)
    if plan.archive is not None and archive is not None:
        accounts[plan.archive.account_id] = archive
    return Providers(
        home=_oracle(f"oci-home-{plan.tenancy.home}", plan.tenancy, plan.tenancy.home),
        regions={
            network.region: _oracle(f"oci-{network.region}", plan.tenancy, network.region) for network in plan.networks
        },
        management=management,
        archive=archive,
        sites=sites,
        accounts=accounts,
    )


def _oracle(name: str, tenancy: Tenancy, region: UsRegion) -> oci.Provider:
    return oci.Provider(
        name,
        region=region.value,
        tenancy_ocid=tenancy.id,
        auth=tenancy.auth.value,
        config_file_profile=tenancy.profile,
    )


def _site(site: Site, *, by_token: bool) -> aws.Provider:
    return _amazon(f"aws-{site.name}", site.region, site.account_id, site.deployer_role, by_token=by_token)


def _management(control: OrganizationPlan, *, by_token: bool) -> aws.Provider:
    """Organizations has one endpoint for the whole world, and it is in Virginia."""
    region, account = LegacyRegion.VIRGINIA, control.account_id
    return _amazon("aws-organization", region, account, control.deployer_role, by_token=by_token)


def _archive(plan: ArchivePlan, *, by_token: bool) -> aws.Provider:
    name = f"aws-{naming.ARCHIVE}"
    return _amazon(name, ARCHIVE_REGION, plan.account_id, plan.deployer_role, by_token=by_token)


def _amazon(name: str, region: LegacyRegion, account_id: str, role: str, *, by_token: bool) -> aws.Provider:
    """A provider that acts as one role of one account.

    Args:
        name: of the provider, before the region's.
        region: where.
        account_id: the only one that it may reach.
        role: the deployer's.
        by_token: whether a job's identity token is exchanged for the role; else whoever is logged in assumes it. The
            token's file is in the environment (`AWS_WEB_IDENTITY_TOKEN_FILE`), where another run has another.
    """
    arn = role_arn(account_id, role)
    return aws.Provider(
        f"{name}-{region}",
        region=region.value,
        allowed_account_ids=[account_id],
        assume_roles=None if by_token else [aws.ProviderAssumeRoleArgs(role_arn=arn, session_name=_SESSION)],
        assume_role_with_web_identity=aws.ProviderAssumeRoleWithWebIdentityArgs(role_arn=arn, session_name=_SESSION)
        if by_token
        else None,
    )
