"""Dynamic routing gateways and the peering of two regions over them."""

from dataclasses import replace
from typing import ClassVar

from infra.sandbox.errors import CloudError
from infra.sandbox.model import Call, Model, Reference, require
from infra.sandbox.oci.base import OciModel, conflict, invalid, not_found
from infra.sandbox.oci.network import DRG, DRG_ATTACHMENT, ROUTE_TABLE, VCN, network_of
from infra.sandbox.oci.regions import COMMERCIAL, ocid
from infra.sandbox.store import ACTIVE, Record
from infra.sandbox.values import Json, record

DRG_ROUTE_TABLE = "oci:Core/drgRouteTable:DrgRouteTable"
DISTRIBUTION = "oci:Core/drgRouteDistribution:DrgRouteDistribution"
DISTRIBUTION_STATEMENT = "oci:Core/drgRouteDistributionStatement:DrgRouteDistributionStatement"
DRG_ROUTE_RULE = "oci:Core/drgRouteTableRouteRule:DrgRouteTableRouteRule"
REMOTE_PEERING = "oci:Core/remotePeeringConnection:RemotePeeringConnection"


_UNUSED: Json = {"ids": [], "ipsecConnectionId": "", "transportAttachmentId": "", "transportOnlyMode": False}
_LAST_PRIORITY = 65535


class Drg(OciModel):
    """A router between networks, with default route tables."""

    token = DRG
    kind = "drg"
    state = "AVAILABLE"
    default_name = "drg"

    def outputs(self, call: Call, id_: str) -> Json:
        """Default tables and distribution."""
        region = call.place.region
        kinds = ("vcn", "ipsecTunnel", "virtualCircuit", "remotePeeringConnection")
        return super().outputs(call, id_) | {
            "defaultDrgRouteTables": [{kind: ocid("drgroutetable", region, id_, kind) for kind in kinds}],
            "defaultExportDrgRouteDistributionId": ocid("drgroutedistribution", region, id_, "export"),
            "redundancyStatus": "NOT_AVAILABLE",
        }


class _OfDrg(OciModel):
    """A part of a DRG: lives in its compartment."""

    state = "AVAILABLE"
    references: ClassVar = (Reference(path="drgId", to=(DRG,)),)

    def outputs(self, call: Call, id_: str) -> Json:
        """The DRG's compartment."""
        drg = call.visible(DRG, call.inputs["drgId"])
        return super().outputs(call, id_) | {"compartmentId": drg.inputs["compartmentId"] if drg else ""}


class DrgAttachment(_OfDrg):
    """The tie between a DRG and a network."""

    token = DRG_ATTACHMENT
    kind = "drgattachment"
    state = "ATTACHED"
    default_name = "drgattachment"
    references: ClassVar = (
        Reference(path="drgId", to=(DRG,)),
        Reference(path="vcnId", to=(VCN,)),
        Reference(path="routeTableId", to=(ROUTE_TABLE,)),
        Reference(path="networkDetails.routeTableId", to=(ROUTE_TABLE,)),
        Reference(path="drgRouteTableId", to=(DRG_ROUTE_TABLE,)),
    )
    volatile = frozenset({"vcnId", "networkDetails"})

    def refuse(self, call: Call) -> None:
        """A VCN that is attached nowhere else; the tables are the DRG's own."""
        vcn = _vcn(call)
        if call.visible(VCN, vcn) is None:
            raise not_found(f"{vcn} is not in {call.place.region}")
        for other in call.neighbours(DRG_ATTACHMENT):
            if other.outputs.get("vcnId", other.inputs.get("vcnId")) == vcn:
                raise conflict(f"VCN {vcn} is attached to DRG {other.inputs['drgId']} already", "IncorrectState")
        _refuse_other_drg(call, "drgRouteTableId", DRG_ROUTE_TABLE)

    def refuse_delete(self, call: Call, record: Record) -> None:
        """No route of the network may still lead to the DRG."""
        vcn = record.outputs.get("vcnId", record.inputs.get("vcnId"))
        for table in call.neighbours(ROUTE_TABLE, vcnId=vcn):
            if any(rule["networkEntityId"] == record.inputs["drgId"] for rule in table.inputs.get("routeRules") or ()):
                raise conflict(
                    f"Route table {table.id} still has a rule to DRG {record.inputs['drgId']}", "IncorrectState"
                )
        for rule in call.neighbours(DRG_ROUTE_RULE, nextHopDrgAttachmentId=record.id):
            raise conflict(f"DRG route rule {rule.id} still leads to attachment {record.id}", "IncorrectState")

    def outputs(self, call: Call, id_: str) -> Json:
        """Both spellings of the network, and the DRG's default table."""
        vcn = _vcn(call)
        drg = call.visible(DRG, call.inputs["drgId"])
        details: Json = {"vcnRouteType": "SUBNET_CIDRS", "routeTableId": call.get("routeTableId", "")}
        details |= {"id": vcn, "type": "VCN"} | record(call.get("networkDetails"))
        filled: Json = {
            "vcnId": vcn,
            "networkDetails": details
            | {"ids": [], "ipsecConnectionId": "", "transportAttachmentId": "", "transportOnlyMode": False},
            "drgRouteTableId": drg.outputs["defaultDrgRouteTables"][0]["vcn"] if drg else "",
            "isCrossTenancy": False,
        }
        chosen = {name: value for name, value in filled.items() if name not in call.inputs or name == "networkDetails"}
        return super().outputs(call, id_) | chosen


class DrgRouteTable(_OfDrg):
    """A table of a DRG."""

    token = DRG_ROUTE_TABLE
    kind = "drgroutetable"
    default_name = "drgroutetable"
    references: ClassVar = (
        Reference(path="drgId", to=(DRG,)),
        Reference(path="importDrgRouteDistributionId", to=(DISTRIBUTION,)),
    )

    def refuse(self, call: Call) -> None:
        """The distribution is the same DRG's."""
        _refuse_other_drg(call, "importDrgRouteDistributionId", DISTRIBUTION)

    def outputs(self, call: Call, id_: str) -> Json:
        """What was left out."""
        return super().outputs(call, id_) | ({} if "isEcmpEnabled" in call.inputs else {"isEcmpEnabled": False})


class DrgRouteDistribution(_OfDrg):
    """Which routes a DRG imports."""

    token = DISTRIBUTION
    kind = "drgroutedistribution"
    default_name = "drgroutedistribution"


class DrgRouteDistributionStatement(OciModel):
    """One rule of a distribution."""

    token = DISTRIBUTION_STATEMENT
    kind = "statement"
    state = None
    references: ClassVar = (
        Reference(path="drgRouteDistributionId", to=(DISTRIBUTION,)),
        Reference(path="matchCriteria.drgAttachmentId", to=(DRG_ATTACHMENT,)),
    )

    def identify(self, call: Call) -> str:
        """Named under its distribution."""
        number = super().identify(call).rpartition(".")[2][8:14]
        return f"drgRouteDistributions/{call.inputs['drgRouteDistributionId']}/statements/{number}"

    def refuse(self, call: Call) -> None:
        """Priorities are unique in a distribution."""
        distribution, priority = call.inputs["drgRouteDistributionId"], call.inputs["priority"]
        require(0 <= priority <= _LAST_PRIORITY, 400, "InvalidParameter", f"priority: {priority} is not in 0 to 65535")
        if call.neighbours(DISTRIBUTION_STATEMENT, drgRouteDistributionId=distribution, priority=priority):
            raise conflict(f"Priority {priority} is used by another statement of {distribution}")


class DrgRouteTableRouteRule(OciModel):
    """One static route of a DRG's table."""

    token = DRG_ROUTE_RULE
    kind = "rule"
    state = None
    references: ClassVar = (
        Reference(path="drgRouteTableId", to=(DRG_ROUTE_TABLE,)),
        Reference(path="nextHopDrgAttachmentId", to=(DRG_ATTACHMENT,)),
    )

    def identify(self, call: Call) -> str:
        """Named under its table."""
        number = super().identify(call).rpartition(".")[2][8:14]
        return f"drgRouteTables/{call.inputs['drgRouteTableId']}/routeRules/{number}"

    def refuse(self, call: Call) -> None:
        """A range, once in a table."""
        network_of(call.inputs["destination"], "destination")
        same = {"drgRouteTableId": call.inputs["drgRouteTableId"], "destination": call.inputs["destination"]}
        if call.neighbours(DRG_ROUTE_RULE, **same):
            raise conflict(f"{call.inputs['destination']} has a route in this table already")

    def outputs(self, call: Call, id_: str) -> Json:
        """Where the route comes from."""
        return super().outputs(call, id_) | {
            "attributes": "{}", "isBlackhole": False, "isConflict": False,
            "routeProvenance": "STATIC", "routeType": "STATIC",
        }  # fmt: skip


class RemotePeeringConnection(OciModel):
    """One end of a tie between the DRGs of two regions. Naming the other end (on one of them only) connects both."""

    token = REMOTE_PEERING
    kind = "remotepeeringconnection"
    state = "AVAILABLE"
    default_name = "remotepeeringconnection"
    references: ClassVar = (Reference(path="drgId", to=(DRG,)),)
    volatile = frozenset({"peeringStatus"})

    def refuse(self, call: Call) -> None:
        """Both parts of the other end or none; it exists there, and is free."""
        peer, region = call.get("peerId"), call.get("peerRegionName")
        require((peer is None) == (region is None), 400, "InvalidParameter", "peerId and peerRegionName go together")
        if peer is None:
            return
        require(region in COMMERCIAL, 400, "InvalidParameter", f"peerRegionName: no region {region!r}")
        require(region != call.place.region, 400, "InvalidParameter", "peerRegionName: must be another region")
        other = _peer(call, str(peer), str(region))
        if other is None:
            raise not_found(f"{peer} is no remote peering connection in {region}")
        taken = _peer_of(other)
        mine = call.old.id if call.old else None
        if other.outputs["peeringStatus"] == "PEERED" and taken != mine:
            raise CloudError(
                409,
                "IncorrectState",
                f"{peer} is peered with {taken} already",
                operation="ConnectRemotePeeringConnections",
            )

    def outputs(self, call: Call, id_: str) -> Json:
        """Status of the tie."""
        before = (call.old.outputs if call.old else {}).get("peeringStatus", "NEW")
        status = "PEERED" if call.get("peerId") else before
        return super().outputs(call, id_) | {
            "isCrossTenancyPeering": False,
            "peerTenancyId": "",
            "peeringStatus": status,
        }

    def created(self, call: Call, record: Record) -> None:
        """The other end is peered too."""
        peer = record.inputs.get("peerId")
        other = _peer(call, peer, record.inputs["peerRegionName"]) if peer else None
        if other is not None:
            _set_peer(call, other, "PEERED", record.id, record.region)

    def delete(self, call: Call, record: Record) -> None:
        """The other end notices."""
        call.clouds.remove(record)
        properties = record.inputs | record.outputs
        if properties["peeringStatus"] == "PEERED":
            other = _peer(call, properties["peerId"], properties["peerRegionName"])
            if other is not None:
                _set_peer(call, other, "REVOKED", "", "")


def _vcn(call: Call) -> str:
    details = record(call.get("networkDetails"))
    if details and details["type"].upper() != "VCN":
        raise invalid(f"networkDetails.type: attachments of type {details['type']} come with what they attach")
    vcn = call.get("vcnId") or details.get("id")
    require(vcn, 400, "InvalidParameter", "vcnId or networkDetails.id must be given")
    return str(vcn)


def _refuse_other_drg(call: Call, name: str, type_: str) -> None:
    id_ = call.get(name)
    found = call.visible(type_, id_) if id_ else None
    if found is not None and found.inputs["drgId"] != call.inputs["drgId"]:
        raise invalid(f"{name}: {id_} belongs to another DRG")


def _peer(call: Call, id_: str, region: str) -> Record | None:
    found = call.clouds.find(cloud="oci", account=call.place.account, region=region, type=REMOTE_PEERING, id=id_)
    return found if found is not None and found.status == ACTIVE else None


def _peer_of(record: Record) -> str:
    return str((record.inputs | record.outputs).get("peerId"))


def _set_peer(call: Call, record: Record, status: str, peer: str, region: str) -> None:
    named = {"peerId": peer, "peerRegionName": region} if "peerId" not in record.inputs else {}
    call.clouds.put(replace(record, outputs=record.outputs | {"peeringStatus": status} | named))


MODELS: tuple[Model, ...] = (
    Drg(), DrgAttachment(), DrgRouteTable(), DrgRouteDistribution(), DrgRouteDistributionStatement(),
    DrgRouteTableRouteRule(), RemotePeeringConnection(),
)  # fmt: skip
