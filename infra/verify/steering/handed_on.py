"""What happens to a user at an edge, step by step: the slow decider of what stands behind its address."""

from collections.abc import Iterator
from typing import Any

from infra.verify.declared import Declared
from infra.verify.graph import UNKNOWN, Graph
from infra.verify.search import Search
from infra.verify.values import items, record, records


def goes_wrong(graph: Graph, declared: Declared) -> bool:
    """Whether a user could be in plain text, be handed to something else, or be sent elsewhere."""
    return any(_wrong(Search(graph, "oci"), declared))


def _wrong(oracle: Search, declared: Declared) -> Iterator[bool]:
    traffic: Any = declared.deployment.get("traffic") or {}
    edges: dict[str, dict[str, Any]] = traffic.get("edges") or {}
    for kind, key, named in (
        ("Listener", "certificateIds", "certificateId"),
        ("BackendSet", "trustedCertificateAuthorityIds", "authorityId"),
    ):
        for node in oracle.of(kind):
            tls = record(node.inputs.get("sslConfiguration"))
            told = [str(it) for it in items(tls.get("protocols"))]
            yield not told or any(it not in ("TLSv1.2", "TLSv1.3") for it in told)
            yield tls.get(key) != [edges.get(oracle.region(node), {}).get(named)]
            yield kind == "BackendSet" and tls.get("verifyPeerCertificate") is not True
            yield kind == "Listener" and node.inputs.get("port") != 443  # noqa: PLR2004 (HTTPS)
    for node in oracle.of("Backend"):
        known: dict[str, str] = edges.get(oracle.region(node), {}).get("backends") or {}
        yield not any(node.inputs.get("ipAddress") == it for it in known.values())
    for node in oracle.of("AppFirewallPolicy"):
        for answer in (it for it in records(node.inputs.get("actions")) if it.get("type") == "RETURN_HTTP_RESPONSE"):
            code = str(answer.get("code"))
            yield bool(answer.get("headers")) or not code.startswith(("4", "5"))
    yield from (it.inputs.get("lifetime") != "RESERVED" for it in oracle.of("PublicIp"))
    ours = [it.outputs.get("ipAddress") for kind in ("PublicIp", "Ipv6") for it in oracle.of(kind)]
    for node in oracle.of("HttpMonitor"):
        yield any(it != UNKNOWN and it not in ours for it in items(node.inputs.get("targets")))
