"""T3: whoever asks for a US hostname, whatever is down, is answered with edges of this stack in allowed US regions.

That holds for every record type, and for the zone's own records too, which answer while a policy is replaced. Where a
pool holds edges only, nothing else can be given; where a policy of template CUSTOM holds more, nobody is given it in
any state of health. When everything is down, either nothing or everything is given: both count. An edge takes TLS under
its declared certificate, hands on to the declared back ends, and answers nobody by itself but with an error.
"""

from typing import Final

from infra.verify import traffic
from infra.verify.context import Context
from infra.verify.declared import Declared
from infra.verify.graph import Graph
from infra.verify.steering import fronts
from infra.verify.traffic import ATTACHMENT, RRSET, Leak, Rule
from infra.verify.verdict import Answer, Counterexample, Findings, Missing, Verdict, missing, refuted

ID: Final = "T3"
TITLE: Final = "traffic"
ASSUMPTIONS: Final = (
    "Oracle's DNS applies steering rules as its documentation says",
    "resolvers pass answers on unchanged, and no other zone answers for these names",
    "an address that is not known yet becomes that of the edge that it comes from",
)

_PATHS: Final = {
    Rule.ANSWER: "answers",
    Rule.ATTACHMENT: "domainName",
    Rule.BACKEND: "ipAddress",
    Rule.MONITOR: "healthCheckMonitorId",
    Rule.RECORD: "items",
    Rule.RULES: "rules",
    Rule.TTL: "ttl",
}
_FIXES: Final = {
    Rule.ANSWER: "leave only addresses of this stack's edges in the pool",
    Rule.COVERAGE: "give each hostname a policy and records for the same types",
    Rule.RECORD: "leave only records that name this stack's edges, or CAA and TXT",
}


def decide(context: Context) -> Verdict:
    """Ask for each answer and record whose address it is, and for mixed pools who is given what."""
    graph, declared, findings = context.graph, context.declared, Findings()
    found = (*_leaks(graph, declared), *graph.ask(fronts.leaks, declared))
    findings.add(*(_told(graph, leak) for leak in found))
    asked = graph.of(ATTACHMENT, RRSET)
    return findings.verdict(ID, TITLE, examined=len(asked) or 1, flows=len(asked), assumptions=ASSUMPTIONS)


def _leaks(graph: Graph, declared: Declared) -> tuple[Leak, ...]:
    found = traffic.leaks(graph, zone=declared.zone, hostnames=declared.hostnames, regions=declared.edges)
    if declared.zone:
        return found
    return tuple(leak for leak in found if leak.urn)  # who answers nobody needs no zone, and has no name to answer for


def _told(graph: Graph, leak: Leak) -> Counterexample | Missing:
    node = graph.nodes.get(leak.urn)
    what = f"{node.name}: {leak.what}" if node else leak.what
    path, fix = _PATHS.get(leak.rule, ""), _FIXES.get(leak.rule, "")
    if leak.unread:
        return missing(node, what, path=path, fix=fix)
    return refuted(node, what, path=path, fix=fix, witness={"rule": leak.rule.value, "urn": leak.urn})


def decide_slowly(context: Context) -> Answer:
    """Ask for each hostname as every client, in every state of health, and look at each address that is given."""
    from infra.verify.steering import asked, handed_on  # noqa: PLC0415 (a proof does without)

    declared = context.declared
    if handed_on.goes_wrong(context.graph, declared):
        return Answer.REFUTED
    return asked.decide(context.graph, zone=declared.zone, hostnames=declared.hostnames, regions=declared.edges)
