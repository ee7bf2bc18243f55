"""Public addresses: reserved IPv4 addresses, and IPv6 addresses of subnets.

IPv4 addresses are taken from the upper half of 198.18.0.0/15 (RFC 2544, benchmarks) and IPv6 prefixes from
2001:db8::/32 (RFC 3849, documentation), so that no simulated address can be anybody's.
"""

import hashlib
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from typing import ClassVar

from infra.sandbox.errors import CloudError
from infra.sandbox.model import Call, Model, Reference, require
from infra.sandbox.oci.base import OciModel, invalid, not_found
from infra.sandbox.oci.network import SUBNET
from infra.sandbox.oci.regions import COMMERCIAL
from infra.sandbox.store import Record
from infra.sandbox.values import Json

PUBLIC_IP = "oci:Core/publicIp:PublicIp"
IPV6 = "oci:Core/ipv6:Ipv6"

_FIRST = int(IPv4Address("198.19.0.0"))
_PER_REGION = 254


class PublicIp(OciModel):
    """A public IPv4 address that outlives what it is assigned to."""

    token = PUBLIC_IP
    kind = "publicip"
    state = "AVAILABLE"
    default_name = "publicip"

    def refuse(self, call: Call) -> None:
        """Reserved ones only: an ephemeral one needs a private address, which nothing here has."""
        if call.inputs["lifetime"] != "RESERVED":
            raise invalid("lifetime: EPHEMERAL needs a privateIpId")
        if call.get("privateIpId"):
            raise not_found(call.inputs["privateIpId"])

    def outputs(self, call: Call, id_: str) -> Json:
        """An address of this region that nothing else has."""
        taken = {record.outputs["ipAddress"] for record in call.neighbours(PUBLIC_IP)}
        filled: Json = {
            "assignedEntityId": "",
            "assignedEntityType": "",
            "ipAddress": _free(call.place.region, id_, taken),
            "privateIpId": "",
            "publicIpPoolId": "",
            "scope": "REGION",
        }
        return super().outputs(call, id_) | {name: value for name, value in filled.items() if name not in call.inputs}


def _free(region: str, id_: str, taken: set[str]) -> str:
    block = _FIRST + sorted(COMMERCIAL).index(region) * 256
    start = _number(id_)
    for step in range(_PER_REGION):
        address = str(IPv4Address(block + 1 + (start + step) % _PER_REGION))
        if address not in taken:
            return address
    raise CloudError(400, "LimitExceeded", f"The tenancy has all {_PER_REGION} reserved public addresses of {region}")


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


class Ipv6(OciModel):
    """An IPv6 address of a subnet that outlives what it is assigned to."""

    token = IPV6
    kind = "ipv6"
    state = "AVAILABLE"
    default_name = "ipv6"
    references: ClassVar = (Reference(path="subnetId", to=(SUBNET,)),)

    def refuse(self, call: Call) -> None:
        """In a subnet that has IPv6; the address, where given, is one of its."""
        if call.get("vnicId"):
            raise not_found(call.inputs["vnicId"])
        require(call.get("subnetId"), 400, "InvalidParameter", "Exactly one of vnicId and subnetId must be given")
        require(call.get("lifetime") == "RESERVED", 400, "InvalidParameter", "lifetime: only RESERVED goes without vnicId")
        prefix, address = _prefix(call), call.get("ipAddress")
        if address is not None and IPv6Address(address) not in prefix:
            raise invalid(f"ipAddress: {address} is not in {prefix}")

    def outputs(self, call: Call, id_: str) -> Json:
        """An address of the subnet."""
        prefix = _prefix(call)
        offset = 0x100 + _number(id_) % (1 << 48)
        filled: Json = {"ipAddress": str(prefix[offset]), "ipv6subnetCidr": str(prefix), "ipState": "AVAILABLE"}
        return super().outputs(call, id_) | {name: value for name, value in filled.items() if name not in call.inputs}


def _prefix(call: Call) -> IPv6Network:
    subnet: Record | None = call.visible(SUBNET, call.inputs["subnetId"])
    prefixes = (subnet.inputs | subnet.outputs).get("ipv6cidrBlocks") if subnet else None
    if not prefixes:
        raise invalid(f"subnetId: {call.inputs['subnetId']} has no IPv6 prefix")
    return IPv6Network(prefixes[0])


MODELS: tuple[Model, ...] = (PublicIp(), Ipv6())
