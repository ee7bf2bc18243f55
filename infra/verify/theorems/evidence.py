"""T9: what is done to data is logged in US buckets that nobody can alter until the legacy sites are gone.

Of everything that the configuration declares an audit trail for, the record lands in the bucket of its own region, and
stays there as it is for as long as is declared, which is longer than any legacy site may still hold data. Nothing can
switch that off silently: no statement lets anybody change, end or read it; calls that could are told to everybody who
is declared to be told; and every guardrail that the configuration declares is there whole. Where it declares no trail
nothing is examined here, and nobody may take that for evidence.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Final, NamedTuple

from infra.verify import guardrails, trail
from infra.verify.context import Context
from infra.verify.graph import Node
from infra.verify.models import MODELS
from infra.verify.search import Opinion, seen
from infra.verify.site_trails.leaks import leaks as site_leaks
from infra.verify.theorems import completeness
from infra.verify.verdict import Answer, Counterexample, Findings, Missing, Verdict, missing, refuted

ID: Final = "T9"
TITLE: Final = "evidence"
ASSUMPTIONS: Final = (
    "services write the logs that are configured, connectors deliver them, and a retention rule holds for everybody",
    "until its day a retention rule can be taken back by the tenancy's administrators, which raises an alarm",
    "whoever is told of an alarm looks",
    "a tenancy evaluates deny policies, quotas and zones, and an organization control policies, as documented",
)

_READ: Final = (
    "oci:Audit/", "oci:CloudGuard/", "oci:Events/", "oci:HealthChecks/", "oci:Identity/", "oci:Kms/", "oci:Limits/",
    "oci:Logging/", "oci:Monitoring/", "oci:ObjectStorage/", "oci:Ons/", "oci:Sch/", "oci:SecurityAttribute/",
    "oci:VnMonitoring/", "oci:Zpr/", "aws:cloudtrail/", "aws:cloudwatch/", "aws:kms/", "aws:organizations/", "aws:s3/",
    "aws:sns/", "pulumi:providers:",
)  # fmt: skip
"""Beginnings of the types whose content decides here."""


class Gap(NamedTuple):
    """Something that could be done unseen, or whose record could be lost.

    Attributes:
        urn: of the resource to change; empty where one is missing.
        key: of the stack file, which declares what has the gap.
        rule: that is broken.
        what: in one sentence without a full stop.
    """

    urn: str
    key: str
    rule: str
    what: str


def decide(context: Context) -> Verdict:
    """Hold what is logged, kept, told and guarded against what is declared."""
    findings, graph = Findings(), context.graph
    leaks, rows = trail.examined(graph, trail.declared(context.declared.deployment))
    gaps = [*_trail(leaks), *(gap for check in CHECKS for gap in check(context))]
    unread = [it for node in _deciding(context) for it in completeness.unread(graph, node)] if gaps else []
    findings.add(*unread, *(_told(context, gap, unread=bool(unread)) for gap in gaps))
    examined = sum(map(len, rows.values()))
    return findings.verdict(
        ID, TITLE, examined=examined, flows=len(rows.get("logs", ())), assumptions=ASSUMPTIONS, certificate=rows
    )


def _trail(leaks: Iterable[trail.Leak]) -> Iterator[Gap]:
    """The gaps of the declared trail in Oracle Cloud; that none is declared is for whoever reviews it."""
    for leak in leaks:
        if leak.rule is not trail.Rule.DECLARED:
            yield Gap(urn=leak.urn, key="audit", rule=leak.rule, what=f"the audit trail has a gap: {leak.what}")


def _sites(context: Context) -> Iterator[Gap]:
    """The gaps of the trails of the legacy sites."""
    for leak in site_leaks(context.graph, context.declared):
        yield Gap(urn=leak.urn, key="audit.archive", rule=leak.rule, what=f"the sites' trails have a gap: {leak.what}")


def _guards(context: Context) -> Iterator[Gap]:
    """The gaps of the declared guardrails; that none are declared is for whoever reviews the configuration."""
    for gap in guardrails.gaps(context.graph, context.declared):
        if gap.rule is not guardrails.Rule.DECLARED:
            yield Gap(urn=gap.urn, key="guardrails", rule=gap.rule, what=f"a guardrail has a gap: {gap.what}")


def _outlived(context: Context) -> Iterator[Gap]:
    """The sites that may hold data for longer than what is logged today is kept."""
    days = trail.declared(context.declared.deployment).days
    for name, site in context.declared.sites.items():
        if days and site.phase.has_holders and context.as_of + timedelta(days=days) < site.expires:
            what = f"what is logged today is gone before {name} is, which may stay until {site.expires}"
            yield Gap(urn="", key="audit.retentionDays", rule=trail.Rule.RETENTION, what=what)


CHECKS: Final[tuple[Callable[[Context], Iterator[Gap]], ...]] = (_sites, _guards, _outlived)
"""What is looked for beside the trail in Oracle Cloud; another cloud's own trail is one more of them."""


def _deciding(context: Context) -> Iterator[Node]:
    for type_ in context.graph.types:
        if type_.startswith(_READ) and type_ in MODELS:
            yield from context.graph.of(type_)


def _told(context: Context, gap: Gap, *, unread: bool) -> Counterexample | Missing:
    """A gap; where something that decides is not known, perhaps none."""
    node, path = context.graph.nodes.get(gap.urn), "" if gap.urn else gap.key
    if unread or gap.rule == trail.Rule.STATEMENT:
        what = f"{gap.what}, or what is not known says otherwise" if unread else gap.what
        return missing(node, what, path=path)
    fix = "let the component register it as planned"
    return refuted(node, gap.what, path=path, fix=fix, witness={"rule": str(gap.rule), "urn": gap.urn})


def decide_slowly(context: Context) -> Answer:
    """Let everything happen that must be seen, and everybody try what must not be."""
    if not any(opinions(context)):
        from infra.verify.trail import acts  # noqa: PLC0415 (a proof does without)

        trailed = trail.declared(context.declared.deployment).days
        return Answer.UNDECIDED if trailed and acts.unread(context.graph) else Answer.PROVED
    known = all(completeness.known(context.graph, node) for node in _deciding(context))
    return Answer.REFUTED if known else Answer.UNDECIDED


def opinions(context: Context) -> Iterator[Opinion]:
    """Everything that happens unseen, and everything that somebody tries and no guard stops."""
    from infra.verify.guardrails import attempts, controls  # noqa: PLC0415
    from infra.verify.site_trails import acts as site_acts  # noqa: PLC0415 (a proof does without)
    from infra.verify.trail import acts  # noqa: PLC0415

    graph, declared = context.graph, trail.declared(context.declared.deployment)
    for site in context.declared.sites.values():
        if declared.days and site.phase.value != "closed" and (site.expires - context.as_of).days > declared.days:
            yield seen("", trail.Rule.RETENTION, site.name)
    yield from acts.unseen(graph, declared, context.as_of)
    yield from site_acts.unseen(graph, context.declared)
    yield from attempts.passing(graph, context.declared)
    yield from controls.passing(graph, context.declared)
