"""Public addresses: reserved IPv4 addresses, and IPv6 addresses of subnets.

When a load balancer takes an address, that shows as an input (`privateIpId`, `vnicId`) that the address's program has
not written: after a refresh the next deployment wants to take it away, which the API refuses, unless the program
ignores changes of it (github.com/oracle/terraform-provider-oci/issues/1479). That hazard is imitated.

IPv4 addresses are taken from the upper half of 198.18.0.0/15 (RFC 2544, benchmarks) and IPv6 prefixes from
2001:db8::/32 (RFC 3849, documentation), so that no simulated address can be anybody's.
"""

import hashlib
from dataclasses import replace
from ipaddress import AddressValueError, IPv4Address, IPv6Address, IPv6Network
from typing import ClassVar

from infra.sandbox.errors import CloudError
from infra.sandbox.model import Call, Model, Reference, require
from infra.sandbox.oci.base import OciModel, conflict, invalid, not_found
from infra.sandbox.oci.network import SUBNET
from infra.sandbox.oci.regions import COMMERCIAL
from infra.sandbox.store import Record
from infra.sandbox.values import Json

PUBLIC_IP = "oci:Core/publicIp:PublicIp"
IPV6 = "oci:Core/ipv6:Ipv6"

_FIRST = int(IPv4Address("198.19.0.0"))
_PER_REGION = 254


class Address(OciModel):
    """An address that outlives what it is assigned to."""

    state = "AVAILABLE"
    holder: ClassVar[str]
    """Input that names what has the address: a load balancer's network card, or a private address of it."""
    free: ClassVar[Json]
    """Outputs of an address that nothing has."""

    def refuse(self, call: Call) -> None:
        """What a load balancer has is its own to give back, and nothing else here can take an address."""
        assigned = call.old.inputs.get(self.holder) if call.old else None
        if assigned and self.holder in call.dropped:
            raise conflict(f"{self.holder}: a load balancer has the address ({assigned})", "IncorrectState")
        if call.get(self.holder, assigned) != assigned:
            raise not_found(call.inputs[self.holder])

    def created(self, call: Call, record: Record) -> None:
        """What an update does not speak of stays: a load balancer keeps the address."""
        if call.old is not None and self.holder in call.old.inputs:
            self.assign(call, record, call.old.inputs[self.holder])

    def assign(self, call: Call, address: Record, entity: str) -> None:
        """Give an address to a load balancer."""
        given = {self.holder: entity}
        outputs = address.outputs | given | self.taken(entity)
        call.clouds.put(replace(address, inputs=address.inputs | given, outputs=outputs))

    def taken(self, entity: str) -> Json:
        """Outputs of an address that something has."""
        raise LookupError(f"{self.token}: no rule for {entity}")

    def release(self, call: Call, address: Record) -> None:
        """Take an address from what has it."""
        inputs, outputs = dict(address.inputs), address.outputs | self.free
        for part in (inputs, outputs):
            part.pop(self.holder, None)
        call.clouds.put(replace(address, inputs=inputs, outputs=outputs))


class PublicIp(Address):
    """A public IPv4 address."""

    token = PUBLIC_IP
    kind = "publicip"
    default_name = "publicip"
    holder = "privateIpId"
    free: ClassVar = {"assignedEntityId": "", "assignedEntityType": "", "state": "AVAILABLE"}

    def taken(self, entity: str) -> Json:
        """By a private address."""
        return {"assignedEntityId": entity, "assignedEntityType": "PRIVATE_IP", "state": "ASSIGNED"}

    def refuse(self, call: Call) -> None:
        """Reserved ones only: an ephemeral one needs a private address, which nothing here has."""
        if call.inputs["lifetime"] != "RESERVED":
            raise invalid("lifetime: EPHEMERAL needs a privateIpId")
        super().refuse(call)

    def outputs(self, call: Call, id_: str) -> Json:
        """An address of this region that nothing else has."""
        taken = {record.outputs["ipAddress"] for record in call.neighbours(PUBLIC_IP)}
        filled: Json = self.free | {
            "ipAddress": _free(call.place.region, id_, taken),
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


class Ipv6(Address):
    """An IPv6 address of a subnet."""

    token = IPV6
    kind = "ipv6"
    default_name = "ipv6"
    references: ClassVar = (Reference(path="subnetId", to=(SUBNET,)),)
    holder = "vnicId"
    free: ClassVar = {"ipState": "AVAILABLE"}

    def taken(self, entity: str) -> Json:
        """By a network card."""
        del entity
        return {"ipState": "ASSIGNED"}

    def refuse(self, call: Call) -> None:
        """In a subnet that has IPv6; the address, where given, is one of its."""
        super().refuse(call)
        require(call.get("subnetId"), 400, "InvalidParameter", "Exactly one of vnicId and subnetId must be given")
        require(
            call.get("lifetime") == "RESERVED", 400, "InvalidParameter", "lifetime: only RESERVED goes without vnicId"
        )
        prefix, address = _prefix(call), call.get("ipAddress")
        try:
            inside = address is None or IPv6Address(address) in prefix
        except AddressValueError as error:
            raise invalid(f"ipAddress: {address!r} is not an IPv6 address") from error
        require(inside, 400, "InvalidParameter", f"ipAddress: {address} is not in {prefix}")

    def outputs(self, call: Call, id_: str) -> Json:
        """An address of the subnet."""
        prefix, subnet = _prefix(call), call.visible(SUBNET, call.inputs["subnetId"])
        offset = 0x100 + _number(id_) % (1 << 48)
        filled: Json = {
            "compartmentId": subnet.inputs["compartmentId"] if subnet else "",
            "ipAddress": str(prefix[offset]),
            "ipState": "AVAILABLE",
            "ipv6subnetCidr": str(prefix),
        }
        return super().outputs(call, id_) | {name: value for name, value in filled.items() if name not in call.inputs}


def _prefix(call: Call) -> IPv6Network:
    subnet = call.visible(SUBNET, call.inputs["subnetId"])
    prefixes = (subnet.inputs | subnet.outputs).get("ipv6cidrBlocks") if subnet else None
    if not prefixes:
        raise invalid(f"subnetId: {call.inputs['subnetId']} has no IPv6 prefix")
    return IPv6Network(prefixes[0])


RESERVABLE: tuple[Address, ...] = (PublicIp(), Ipv6())
MODELS: tuple[Model, ...] = RESERVABLE
