"""Changes of which a provider's own code decides whether they replace, and no flag of a property does.

Source: `CustomizeDiff` of the resource in the Terraform provider that the Pulumi provider bridges.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

_IPV4 = "ocid1.publicip."


def replaces(token: str, name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool | None:
    """Whether a change of a top-level property replaces, for all that such code says; None where it says nothing.

    Args:
        token: the resource's type.
        name: the property that differs.
        old: all inputs of the last deployment.
        new: all inputs wanted now.
    """
    rule = _RULES.get((token, name))
    return None if rule is None else rule(old, new)


def _addresses(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """A load balancer keeps its addresses for life. Only its IP mode may add or take the IPv6 one."""
    return not _mode_changes(old, new) or _ipv4(old) != _ipv4(new)


def _ipv4(inputs: Mapping[str, Any]) -> Sequence[object]:
    """The reserved IPv4 address: there is one at most, so an id that is not known yet may be it only where none is."""
    ids: list[object] = [item.get("id") for item in inputs.get("reservedIps") or ()]
    known = [id_ for id_ in ids if isinstance(id_, str) and id_.startswith(_IPV4)]
    return known or [id_ for id_ in ids if not isinstance(id_, str)]


def _mode_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    return "ipMode" in new and old.get("ipMode", "IPV4") != new["ipMode"]


def _subnet_prefix(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    return not _mode_changes(old, new)


def _agents(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """A DataSync location is made with agents or without; which ones they are may change."""
    return bool(old.get("agentArns")) is not bool(new.get("agentArns"))


_BALANCER: Final = "oci:LoadBalancer/loadBalancer:LoadBalancer"
_RULES: Mapping[tuple[str, str], Callable[[Mapping[str, Any], Mapping[str, Any]], bool]] = {
    (_BALANCER, "reservedIps"): _addresses,
    (_BALANCER, "ipv6subnetCidr"): _subnet_prefix,
    ("aws:datasync/locationObjectStorage:LocationObjectStorage", "agentArns"): _agents,
}
