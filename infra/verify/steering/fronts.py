"""What stands behind an edge's address: TLS under the declared certificate, declared back ends, and no way elsewhere.

A listener takes nothing but TLS 1.2 and later, at the port of HTTPS, under its region's certificate; what it hands on
is encrypted again and goes to the back ends that are declared for the region, whose certificates its authority signed.
A firewall answers nobody by itself but with an error, since an answer of its own could send a user anywhere. An address
that answers is reserved, so that nobody else is given it, and a monitor looks at no other.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from infra.verify.declared import Declared
from infra.verify.graph import UNKNOWN, Graph
from infra.verify.traffic import ADDRESS_OF, BACKEND, LISTENER, MONITOR, Leak, Rule
from infra.verify.values import items, record, records

SET: Final = "oci:LoadBalancer/backendSet:BackendSet"
FIREWALL_POLICY: Final = "oci:Waf/appFirewallPolicy:AppFirewallPolicy"
TLS: Final = frozenset({"TLSv1.2", "TLSv1.3"})
HTTPS: Final = 443
FAILS: Final = 400
"""The first status that says that something is wrong."""


def leaks(graph: Graph, declared: Declared) -> Iterator[Leak]:
    """What is wrong at the edges."""
    edges: Mapping[str, Any] = record(record(declared.deployment.get("traffic")).get("edges"))
    for part in (_balancers, _back_ends):
        yield from part(graph, edges)
    for part in (_answers, _addresses, _monitors):
        yield from part(graph)


def _balancers(graph: Graph, edges: Mapping[str, Any]) -> Iterator[Leak]:
    for node in graph.of(LISTENER, SET):
        edge, tls = record(edges.get(str(graph.region(node)))), record(node.inputs.get("sslConfiguration"))
        for what in (*_tls(tls), *(_taken if node.type == LISTENER else _handed_on)(node.inputs, tls, edge)):
            yield Leak(urn=node.urn, rule=Rule.EDGE, what=what)


def _back_ends(graph: Graph, edges: Mapping[str, Any]) -> Iterator[Leak]:
    for node in graph.of(BACKEND):
        address = node.inputs.get("ipAddress")
        if address not in record(record(edges.get(str(graph.region(node)))).get("backends")).values():
            yield Leak(urn=node.urn, rule=Rule.BACKEND, what=f"{address} is no declared back end of its region")


def _answers(graph: Graph) -> Iterator[Leak]:
    for node in graph.of(FIREWALL_POLICY):
        for action in records(node.inputs.get("actions")):
            if action.get("type") == "RETURN_HTTP_RESPONSE" and not _fails(action):
                yield Leak(urn=node.urn, rule=Rule.EDGE, what=f"action {action.get('name')} could send users elsewhere")


def _addresses(graph: Graph) -> Iterator[Leak]:
    for node in graph.of(ADDRESS_OF["A"]):
        if node.inputs.get("lifetime") != "RESERVED":
            yield Leak(urn=node.urn, rule=Rule.EDGE, what="an address that is not reserved, and can become another's")


def _monitors(graph: Graph) -> Iterator[Leak]:
    own = {it.outputs.get("ipAddress") for it in graph.of(*ADDRESS_OF.values())} | {UNKNOWN}
    for node in graph.of(MONITOR):
        for target in sorted({*map(str, items(node.inputs.get("targets")))} - own):
            yield Leak(urn=node.urn, rule=Rule.MONITOR, what=f"{target} is no address of this stack, and is watched")


def _tls(tls: Mapping[str, Any]) -> Iterator[str]:
    if not tls:
        yield "plain text"
    elif not items(tls.get("protocols")) or not {*map(str, items(tls.get("protocols")))} <= TLS:
        yield "older than TLS 1.2"


def _taken(inputs: Mapping[str, Any], tls: Mapping[str, Any], edge: Mapping[str, Any]) -> Iterator[str]:
    if inputs.get("port") != HTTPS:
        yield f"listens at port {inputs.get('port')}"
    if items(tls.get("certificateIds")) != [edge.get("certificateId")]:
        yield "another certificate than its region's"


def _handed_on(_: Mapping[str, Any], tls: Mapping[str, Any], edge: Mapping[str, Any]) -> Iterator[str]:
    if tls.get("verifyPeerCertificate") is not True:
        yield "hands on to whoever answers at a back end's address"
    if items(tls.get("trustedCertificateAuthorityIds")) != [edge.get("authorityId")]:
        yield "believes another authority than its region's"


def _fails(action: Mapping[str, Any]) -> bool:
    code: Any = action.get("code")
    return isinstance(code, int | float) and code >= FAILS and not action.get("headers")
