"""Plans where the state of a stack lies.

Refuses a region that the stack does not use, which is every region outside the United States, and a passphrase that
lies in another region than the state that it encrypts.
"""

from infra.residency import naming
from infra.residency.findings import Finding, Refusal, Rule, did_you_mean
from infra.residency.placement import Tenancy
from infra.residency.planner import forms
from infra.residency.planner.networks import Regions
from infra.residency.regions import UsRegion, us_region
from infra.residency.state_home import StateHome, StateRequest


def plan_state(
    asked: StateRequest | None,
    organization: str,
    tenancy: Tenancy | None,
    regions: Regions | None,
    findings: list[Finding],
) -> StateHome | None:
    """The state's home, or None where the stack file names none, or something about it is not allowed."""
    if asked is None:
        return None
    before = len(findings)
    findings.extend(filter(None, [forms.COMPARTMENT.finding(asked.compartment_id, "state.compartmentId")]))
    region = _region(asked.region, regions, findings)
    if asked.passphrase_id is not None:
        malformed = forms.SECRET.finding(asked.passphrase_id, "state.passphraseId")
        findings.extend(filter(None, [malformed]))
        if malformed is None and region is not None:
            findings.extend(_elsewhere(asked.passphrase_id, region))
    if region is None or tenancy is None or len(findings) > before:
        return None
    return StateHome(
        region=region,
        namespace=tenancy.namespace,
        name=naming.state(organization, region),
        compartment_id=asked.compartment_id,
        passphrase_id=asked.passphrase_id,
    )


def _region(given: str, regions: Regions | None, findings: list[Finding]) -> UsRegion | None:
    region = us_region(given)
    if isinstance(region, Refusal):
        findings.append(region.at("state.region", Rule.STATE))
        return None
    used = {network.region for network in regions.networks} if regions is not None else set[UsRegion]()
    if regions is not None and region not in used:
        findings.append(
            Finding(
                path="state.region",
                rule=Rule.STATE,
                given=given,
                allowed=", ".join(sorted(used)),
                why="the quotas of this stack leave no storage elsewhere",
                fix=did_you_mean(given, used, "name a region of oci.regions"),
                basis=("oci.regions",),
            )
        )
        return None
    return region


def _elsewhere(passphrase_id: str, region: UsRegion) -> list[Finding]:
    if passphrase_id.split(".")[3] in region.facts.ocid_spellings:
        return []
    return [
        Finding(
            path="state.passphraseId",
            rule=Rule.STATE,
            given=passphrase_id,
            allowed=f"a secret of {region}, with .{region.facts.key}. in its OCID",
            why="what opens the secrets of a state lies where the state lies",
            fix="python -m infra.deploy bootstrap makes one there, and prints its OCID",
            basis=("state.region",),
        )
    ]
