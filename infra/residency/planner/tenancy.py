"""Plans the organization and its Oracle Cloud tenancy.

Refuses a way to log in that the provider would have to find in the environment.
"""

from infra.residency.deployment import DeploymentRequest, OciRequest
from infra.residency.findings import Finding, Refusal, Rule, did_you_mean, said
from infra.residency.placement import AuthMethod, Tenancy
from infra.residency.planner import forms
from infra.residency.regions import us_region

_BY_PROFILE = frozenset({AuthMethod.API_KEY, AuthMethod.SECURITY_TOKEN})
"""Methods whose credentials lie in a file: without a profile the provider would look into the environment for them."""

_METHODS = {method.value: method for method in AuthMethod}


def plan_organization(request: DeploymentRequest, findings: list[Finding]) -> None:
    """Checks the organization's name, which is part of every other name."""
    findings.extend(filter(None, [forms.ORGANIZATION.finding(request.organization, "organization")]))


def plan_tenancy(oci: OciRequest, findings: list[Finding]) -> Tenancy | None:
    """The tenancy, or None where something about it is not allowed."""
    before = len(findings)
    checks = (
        forms.TENANCY.finding(oci.tenancy_id, "oci.tenancyId"),
        forms.NAMESPACE.finding(oci.object_storage_namespace, "oci.objectStorageNamespace"),
    )
    findings.extend(filter(None, checks))
    home = us_region(oci.home_region)
    if isinstance(home, Refusal):
        findings.append(home.at("oci.homeRegion", Rule.HOME_REGION))
        home = None
    auth = _auth(oci, findings)
    if home is None or auth is None or len(findings) > before:
        return None
    return Tenancy(id=oci.tenancy_id, home=home, namespace=oci.object_storage_namespace, auth=auth, profile=oci.profile)


def _auth(oci: OciRequest, findings: list[Finding]) -> AuthMethod | None:
    method = _METHODS.get(oci.auth)
    if method is None:
        findings.append(
            Finding(
                path="oci.auth.method",
                rule=Rule.IDENTIFIER,
                given=said(oci.auth),
                allowed=", ".join(_METHODS),
                fix=_nearest_method(oci.auth),
            )
        )
        return None
    if oci.profile is not None:
        findings.extend(filter(None, [forms.PROFILE.finding(oci.profile, "oci.auth.profile")]))
    if (oci.profile is not None) != (method in _BY_PROFILE):
        given, allowed, fix = (
            ("no profile", f"with {method} the name of a profile in ~/.oci/config", "add profile: <its name>")
            if oci.profile is None
            else (said(oci.profile), f"with {method} no profile", "remove it")
        )
        findings.append(
            Finding(
                path="oci.auth.profile",
                rule=Rule.IDENTIFIER,
                given=given,
                allowed=allowed,
                why="what decides where anything is comes from the stack file, never from the environment",
                fix=fix,
            )
        )
    return method


def _nearest_method(given: str) -> str:
    lower = {value.lower(): value for value in _METHODS}
    guess = did_you_mean(given, lower, "name one of these")
    for spelled, value in lower.items():
        guess = guess.replace(f" {spelled}?", f" {value}?")
    return guess
