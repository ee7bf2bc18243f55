"""Network security groups and their rules."""

from typing import Any, ClassVar

from infra.sandbox.errors import CloudError
from infra.sandbox.model import Call, Model, Reference, require
from infra.sandbox.oci.base import OciModel, invalid, not_found
from infra.sandbox.oci.network import VCN, refuse_range, service_label
from infra.sandbox.values import Json

GROUP = "oci:Core/networkSecurityGroup:NetworkSecurityGroup"
RULE = "oci:Core/networkSecurityGroupSecurityRule:NetworkSecurityGroupSecurityRule"

_MAX_RULES = 120
_OPTIONS = {"icmpOptions": {"1", "58"}, "tcpOptions": {"6"}, "udpOptions": {"17"}}
_LAST_PORT = 65535


class NetworkSecurityGroup(OciModel):
    """A group of network cards that share rules."""

    token = GROUP
    kind = "networksecuritygroup"
    state = "AVAILABLE"
    default_name = "networksecuritygroup"
    references: ClassVar = (Reference(path="vcnId", to=(VCN,)),)


class Rule(OciModel):
    """One rule of a group."""

    token = RULE
    kind = "securityrule"
    state = None
    references: ClassVar = (Reference(path="networkSecurityGroupId", to=(GROUP,)),)

    def identify(self, call: Call) -> str:
        """Rules have short ids."""
        return super().identify(call).rpartition(".")[2][8:14].upper()

    def refuse(self, call: Call) -> None:
        """An end that fits the direction, options that fit the protocol, at most 120 rules."""
        inward = call.inputs["direction"] == "INGRESS"
        near, far = ("source", "destination") if inward else ("destination", "source")
        require(call.get(near), 400, "InvalidParameter", f"{near}: required for {call.inputs['direction']} rules")
        require(not call.get(far), 400, "InvalidParameter", f"{far}: not allowed for {call.inputs['direction']} rules")
        _refuse_end(call, near, call.get(f"{near}Type", "CIDR_BLOCK"), call.inputs[near])
        for options, protocols in _OPTIONS.items():
            if call.get(options) is not None:
                require(call.inputs["protocol"] in protocols, 400, "InvalidParameter",
                        f"{options}: not for protocol {call.inputs['protocol']}")  # fmt: skip
                _refuse_ports(options, call.inputs[options])
        siblings = call.neighbours(RULE, networkSecurityGroupId=call.inputs["networkSecurityGroupId"])
        if call.is_new and len(siblings) >= _MAX_RULES:
            raise CloudError(400, "LimitExceeded", f"A network security group has at most {_MAX_RULES} rules")

    def outputs(self, call: Call, id_: str) -> Json:
        """What was left out."""
        inward = call.inputs["direction"] == "INGRESS"
        filled: Json = {"isValid": True, "stateless": False, "description": ""}
        filled |= {"sourceType": "CIDR_BLOCK"} if inward else {"destinationType": "CIDR_BLOCK"}
        return super().outputs(call, id_) | {name: value for name, value in filled.items() if name not in call.inputs}


def _refuse_end(call: Call, name: str, kind: str, value: str) -> None:
    match kind:
        case "CIDR_BLOCK":
            refuse_range(value, name)
        case "SERVICE_CIDR_BLOCK":
            if not service_label(value, call.place.region):
                raise invalid(f"{name}: {value!r} is no service of {call.place.region}")
        case _:
            if call.visible(GROUP, value) is None:
                raise not_found(f"{name} {value} is no network security group in {call.place.region}")


def _refuse_ports(options: str, values: dict[str, Any]) -> None:
    for name in ("destinationPortRange", "sourcePortRange"):
        ports = values.get(name)
        if ports is not None and not 1 <= ports["min"] <= ports["max"] <= _LAST_PORT:
            raise invalid(f"{options}.{name}: {ports['min']} to {ports['max']} is no range of ports")


MODELS: tuple[Model, ...] = (NetworkSecurityGroup(), Rule())
