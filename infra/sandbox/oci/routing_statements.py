"""Statements of Zero Trust Packet Routing, parsed far enough to refuse what the service refuses.

Grammar: Oracle's page "Zero Trust Packet Routing Policy Language": one network, or two in one region, an end on each
side of which one at least is told by its security attribute, and a protocol.
"""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

_ATTRIBUTE: Final = r"(?:[\w-]+\.)?[\w-]+:[\w-]+"
_END: Final = rf"{_ATTRIBUTE} endpoints|all-endpoints|'[^']*'"
_STATEMENT: Final = re.compile(
    rf"(?:in (?P<vcn>{_ATTRIBUTE}) VCN )?allow (?P<source>{_END})(?: in (?P<from>{_ATTRIBUTE}) VCN)?"
    rf" to connect to (?P<target>{_END})(?: with protocol='(?P<protocol>[^']*)')?(?: in (?P<to>{_ATTRIBUTE}) VCN)?",
    re.IGNORECASE,
)
_SERVICES: Final = "osn-services-ip-addresses"
_PROTOCOL: Final = re.compile(r"(?P<name>tcp|udp|icmp|icmpv6)(?:/(?P<first>\d{1,5})(?:-(?P<last>\d{1,5}))?)?")
_PORTS: Final = 65_536
_DEFAULT: Final = "oracle-zpr"


class RoutingError(ValueError):
    """A statement that the service does not accept; the text says why."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """A security attribute with a value, as a statement names it."""

    namespace: str
    name: str
    value: str


def parse_routing(text: str) -> frozenset[Attribute]:
    """The attributes that a statement names.

    Raises:
        RoutingError: the service would answer that it is invalid.
    """
    found = _STATEMENT.fullmatch(text.strip())
    if found is None:
        raise RoutingError("expected: in <attribute> VCN allow <end> to connect to <end> with protocol='...'")
    networks = [found[name] for name in ("vcn", "from", "to") if found[name]]
    if not (found["vcn"] and len(networks) == 1) and not (found["from"] and found["to"] and len(networks) == 2):  # noqa: PLR2004
        raise RoutingError("expected one network before allow, or one on each side")
    ends = (found["source"], found["target"])
    if not any(end.lower().endswith(" endpoints") for end in ends):
        raise RoutingError("one side at least is told by a security attribute")
    for end in ends:
        _refuse_address(end)
    if found["protocol"] is not None:
        _refuse_protocol(found["protocol"])
    named = [end.rpartition(" ")[0] for end in ends if end.lower().endswith(" endpoints")]
    return frozenset(map(_attribute, (*networks, *named)))


def _refuse_address(end: str) -> None:
    if not end.startswith("'") or end.strip("'").lower() == _SERVICES:
        return
    try:
        ipaddress.ip_network(end.strip("'"))
    except ValueError:
        raise RoutingError(f"{end} is no IP address or CIDR block") from None


def _refuse_protocol(text: str) -> None:
    found = _PROTOCOL.fullmatch(text.lower())
    if found is None:
        raise RoutingError(f"Invalid protocol {text!r}")
    first, last = int(found["first"] or 1), int(found["last"] or found["first"] or 1)
    if not 0 < first <= last < _PORTS:
        raise RoutingError(f"Invalid ports {text!r}")


def _attribute(text: str) -> Attribute:
    name, _, value = text.rpartition(":")
    namespace, _, key = name.rpartition(".")
    return Attribute(namespace or _DEFAULT, key, value)
