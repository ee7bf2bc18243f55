"""Plans the guardrails that a tenancy has to bring something for: Cloud Guard, security zones, deny statements.

Refuses a detector or a security policy that is missing, unknown, or named by an OCID that is none of its kind: a zone
that lacks one policy looks like one that has it. And more statements of packet routing than a policy takes.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import TypeVar

from infra.residency.denials import plan_denials
from infra.residency.findings import Finding, Rule, did_you_mean, join, said, visible
from infra.residency.guardrails import GuardrailsPlan, PacketRoutingState
from infra.residency.guardrails_request import GuardrailsRequest
from infra.residency.holders import Deployed
from infra.residency.packet_routing import MOST_STATEMENTS, routing_policies
from infra.residency.placement import Plan, Tenancy
from infra.residency.planner import forms
from infra.residency.regions import UsRegion
from infra.residency.security_zones import Detector, SecurityPolicy, plan_cloud_guard

_PATH = "guardrails"
_LOOKED_UP = "python -m infra doctor --resolve says what Oracle Cloud calls it"

_Named = TypeVar("_Named", bound=StrEnum)


def plan_guardrails(
    request: GuardrailsRequest,
    organization: str,
    tenancy: Tenancy | None,
    regions: Iterable[UsRegion] | None,
    findings: list[Finding],
) -> GuardrailsPlan | None:
    """The guardrails of a stack, or None where something about them, the tenancy or the regions is not allowed."""
    before = len(findings)
    detectors = _identified(
        request.detector_recipes, Detector, forms.DETECTOR_RECIPE, join(_PATH, "detectorRecipes"), findings
    )
    policies = _identified(
        request.security_policies, SecurityPolicy, forms.SECURITY_POLICY, join(_PATH, "securityPolicies"), findings
    )
    routing = _routing(request.packet_routing, findings)
    if tenancy is None or regions is None or len(findings) > before:
        return None
    return GuardrailsPlan(
        cloud_guard=plan_cloud_guard(organization, tenancy.home, detectors, policies),
        packet_routing=routing,
        denials=plan_denials(regions) if request.deny_statements else (),
    )


def _routing(text: str | None, findings: list[Finding]) -> PacketRoutingState | None:
    known = {state.value: state for state in PacketRoutingState}
    if text is not None and text not in known:
        findings.append(
            Finding(
                path=join(_PATH, "packetRouting"),
                rule=Rule.GUARDRAIL,
                given=said(text),
                allowed=", ".join(known),
                why="a tenancy that has packet routing keeps it; what this stack made of it is retired before it goes",
                fix=did_you_mean(text, known, "name one of these, or leave the key out where there never was any"),
            )
        )
    return known.get(text) if text is not None else None


def judge_retirement(planned: Plan, deployed: Deployed) -> Iterator[Finding]:
    """Packet routing that would go without having been retired, which Oracle refuses in the middle of an update."""
    now = planned.guardrails.packet_routing if planned.guardrails is not None else None
    if now is None and deployed.packet_routing is PacketRoutingState.ENFORCED:
        yield Finding(
            path=_PATH if planned.guardrails is None else join(_PATH, "packetRouting"),
            rule=Rule.GUARDRAIL,
            given="nothing; what is deployed is enforced",
            allowed=f"{PacketRoutingState.ENFORCED}, or {PacketRoutingState.RETIRED} first",
            why="Oracle deletes no attribute and no namespace that is not retired: the update would stop half way",
            fix=f"write packetRouting: {PacketRoutingState.RETIRED}, apply it, record it "
            "(python -m infra lock --state EXPORT), then leave the key out",
        )


def judge_routing(planned: Plan) -> Iterator[Finding]:
    """Packet routing policies that the service would not take."""
    if planned.guardrails is None or planned.guardrails.packet_routing is not PacketRoutingState.ENFORCED:
        return
    for policy in routing_policies(planned):
        if len(policy.statements) > MOST_STATEMENTS:
            yield Finding(
                path=join(_PATH, "packetRouting"),
                rule=Rule.LIMIT,
                given=f"{policy.name}, which has {len(policy.statements)} statements",
                allowed=f"at most {MOST_STATEMENTS} in a policy",
                why="the service refuses more, and what would be left out could not connect",
                fix="answer users from fewer regions, or leave packet routing out",
            )


def _identified(
    given: Mapping[str, str], kinds: type[_Named], form: forms.Form, path: str, findings: list[Finding]
) -> dict[_Named, str]:
    """The OCID of each kind; a finding for each that is missing, unknown, malformed or named twice."""
    known = {kind.value: kind for kind in kinds}
    found: dict[_Named, str] = {}
    for name, ocid in sorted(given.items()):
        here = join(path, name)
        kind = known.get(name)
        if kind is None:
            findings.append(
                Finding(
                    path=here,
                    rule=Rule.GUARDRAIL,
                    given=said(name),
                    allowed=", ".join(known),
                    fix=did_you_mean(name, set(known) - set(given), "name one of these, or remove it"),
                )
            )
            continue
        malformed = form.finding(ocid, here)
        if malformed is not None:
            findings.append(malformed)
        elif ocid in found.values():
            twin = next(other for other, known_ocid in found.items() if known_ocid == ocid)
            findings.append(
                Finding(
                    path=here,
                    rule=Rule.GUARDRAIL,
                    given=f"{visible(ocid)}, which is also that of {twin}",
                    allowed="an OCID of its own for each",
                    why="one of the two would be missing, and nobody would see it",
                    fix=_LOOKED_UP,
                )
            )
        found[kind] = ocid
    findings.extend(
        Finding(
            path=path,
            rule=Rule.GUARDRAIL,
            given=f"nothing for {kind}",
            allowed=f"an OCID for each of {', '.join(known)}",
            why="what is left out is not guarded against",
            fix=f"add {kind}: <its OCID>; {_LOOKED_UP}",
        )
        for kind in sorted(set(known) - set(given))
    )
    return found
