"""Tests of the Network Path Analyzer: kept and checked. The analysis itself is not simulated."""

import ipaddress
from typing import Any, ClassVar

from infra.sandbox.model import Call, Model, Reference
from infra.sandbox.oci.base import OciModel, invalid, not_found
from infra.sandbox.oci.network import SUBNET
from infra.sandbox.values import Json, record

_TCP, _UDP = 6, 17
_WITH_PORTS = {_TCP: "TCP", _UDP: "UDP"}


class PathAnalyzerTest(OciModel):
    """From where to where a connection is to be looked into."""

    token = "oci:VnMonitoring/pathAnalyzerTest:PathAnalyzerTest"  # noqa: S105 - a type token
    kind = "pathanalyzertest"
    default_name = "pathAnalyzerTest"
    volatile = frozenset({"timeUpdated"})
    references: ClassVar = tuple(
        Reference(path=f"{end}.subnetId", to=(SUBNET,), holds=False)
        for end in ("sourceEndpoint", "destinationEndpoint")
    )

    def refuse(self, call: Call) -> None:
        """Ends that can be one, and parameters that fit the protocol."""
        for name in ("sourceEndpoint", "destinationEndpoint"):
            _refuse_end(call, name, record(call.inputs[name]))
        kind = record(call.get("protocolParameters")).get("type")
        wanted = _WITH_PORTS.get(call.inputs["protocol"])
        if kind is not None and kind != (wanted or "ICMP"):
            raise invalid(f"protocolParameters: {kind} does not fit protocol {call.inputs['protocol']}")

    def outputs(self, call: Call, id_: str) -> Json:
        """When it was changed, and what was left out."""
        filled: Json = {
            "systemTags": {},
            "timeUpdated": call.timestamp(),
            "protocolParameters": {},
            "queryOptions": {"isBiDirectionalAnalysis": False},
        }
        return super().outputs(call, id_) | {name: value for name, value in filled.items() if name not in call.inputs}


def _refuse_end(call: Call, name: str, end: Any) -> None:
    if end.get("type") not in {"SUBNET", "IP_ADDRESS"}:
        return
    try:
        address = ipaddress.ip_address(str(end.get("address")))
    except ValueError:
        raise invalid(f"{name}.address: {end.get('address')!r} is no address") from None
    if end["type"] == "IP_ADDRESS":
        return
    subnet = call.visible(SUBNET, str(end.get("subnetId")))
    if subnet is None:
        raise not_found(f"{name}.subnetId {end.get('subnetId')}")
    cidr = str((subnet.inputs | subnet.outputs)["cidrBlock"])
    if address not in ipaddress.ip_network(cidr):
        raise invalid(f"{name}.address: {address} is not in the subnet's {cidr}")


MODELS: tuple[Model, ...] = (PathAnalyzerTest(),)
