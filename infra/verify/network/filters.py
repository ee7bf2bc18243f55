"""Rules of security lists and of network security groups, as resources write them."""

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network, ip_network
from typing import Any

from infra.verify.graph import UNKNOWN
from infra.verify.network.model import PORTS, PROTOCOLS, TCP, UDP, Range, Rule

_OPTIONS = {TCP: "tcpOptions", UDP: "udpOptions"}
_SSH = range(22, 23)
_EVERYONE = (IPv4Network("0.0.0.0/0"),)


class UnreadableError(ValueError):
    """Something that is not modelled; the text says what."""


def range_of(value: object, *, label: bool) -> Range:
    """Addresses as they are written, or a label of services.

    Raises:
        UnreadableError: neither.
    """
    if not isinstance(value, str) or value in {"", UNKNOWN}:
        raise UnreadableError("a range that is not known")
    if label:
        return value
    try:
        return ip_network(value, strict=False)  # bits behind the prefix mean nothing
    except ValueError:
        raise UnreadableError(f"{value} is no range of addresses") from None


def of_list(inputs: Mapping[str, Any], urn: str) -> tuple[Rule, ...]:
    """The rules of a security list.

    Raises:
        UnreadableError: one of them is not modelled.
    """
    found: list[Rule] = []
    for ingress, name, side in (
        (True, "ingressSecurityRules", "source"),
        (False, "egressSecurityRules", "destination"),
    ):
        if inputs.get(name) == UNKNOWN:
            raise UnreadableError(f"{name} that are not known")
        rules: Iterable[Mapping[str, Any]] = inputs.get(name) or ()
        found += (_rule(item, urn, ingress=ingress, ends=(_end(item, side),)) for item in rules)
    return tuple(found)


def of_group(inputs: Mapping[str, Any], urn: str, members: tuple[Range, ...] | None) -> Rule:
    """A rule of a network security group.

    Args:
        inputs: of the rule.
        urn: its own.
        members: where the other side is a group, the addresses that its members may have.

    Raises:
        UnreadableError: it is not modelled.
    """
    if inputs.get("direction") not in {"INGRESS", "EGRESS"}:
        raise UnreadableError("a rule without a direction")
    ingress = inputs["direction"] == "INGRESS"
    ends = (_end(inputs, "source" if ingress else "destination"),) if members is None else members
    return _rule(inputs, urn, ingress=ingress, ends=ends)


def unmanaged_list(urn: str) -> tuple[Rule, ...]:
    """The default security list as Oracle makes it: SSH in from everywhere, everything out (page "Security Lists")."""
    return (
        Rule(urn=urn, ingress=True, ends=_EVERYONE, protocol=TCP, ports=_SSH, stateful=True),
        Rule(urn=urn, ingress=False, ends=_EVERYONE, protocol=None, ports=range(PORTS), stateful=True),
    )


def _end(item: Mapping[str, Any], side: str) -> Range:
    kind = item.get(f"{side}Type") or "CIDR_BLOCK"
    if kind not in {"CIDR_BLOCK", "SERVICE_CIDR_BLOCK"}:
        raise UnreadableError(f"a {side} of type {kind}")
    return range_of(item.get(side), label=kind == "SERVICE_CIDR_BLOCK")


def _rule(item: Mapping[str, Any], urn: str, *, ingress: bool, ends: tuple[Range, ...]) -> Rule:
    text, stateless = item.get("protocol"), item.get("stateless") or False
    if not isinstance(stateless, bool):
        raise UnreadableError("a rule that may be stateless or not")
    if text != "all" and not (isinstance(text, str) and text.isdecimal() and int(text) < PROTOCOLS):
        raise UnreadableError("a protocol that is not known" if text == UNKNOWN else f"{text} is no protocol")
    protocol = None if text == "all" else int(str(text))
    ports = _ports(item.get(_OPTIONS[protocol])) if protocol in _OPTIONS else range(PORTS)
    return Rule(urn=urn, ingress=ingress, ends=ends, protocol=protocol, ports=ports, stateful=not stateless)


def _ports(options: Any) -> range:
    if not options:
        return range(PORTS)
    if options == UNKNOWN or options.get("sourcePortRange"):
        raise UnreadableError("a rule about source ports, or ports that are not known")
    given = options.get("destinationPortRange") or options
    if not {"min", "max"} <= set(given) or not all(isinstance(given[end], int | float) for end in ("min", "max")):
        raise UnreadableError("ports that are not known")
    return range(int(given["min"]), int(given["max"]) + 1)
