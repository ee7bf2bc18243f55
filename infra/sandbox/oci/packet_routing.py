"""Zero Trust Packet Routing: whether it is on, its policies, and the security attributes that things carry.

One hazard is imitated on purpose: a namespace or an attribute that is not retired cannot be deleted, so that a stack
that was never told to retire them cannot be destroyed (the read-me of Oracle's landing zone lists it as a known issue).
"""

import re
from typing import ClassVar, Final

from infra.sandbox.model import Call, Model, Reference, require
from infra.sandbox.oci.base import HomeModel, OciModel, conflict, invalid, not_found, tenancy_records
from infra.sandbox.oci.routing_statements import Attribute as Named
from infra.sandbox.oci.routing_statements import RoutingError, parse_routing
from infra.sandbox.store import Record
from infra.sandbox.values import Json, record

CONFIGURATION: Final = "oci:Zpr/configuration:Configuration"
NAMESPACE: Final = "oci:SecurityAttribute/securityAttributeNamespace:SecurityAttributeNamespace"
ATTRIBUTE: Final = "oci:SecurityAttribute/securityAttribute:SecurityAttribute"
_MOST_STATEMENTS: Final = 25
_ORACLES_OWN: Final = frozenset(Named("oracle-zpr", "sensitivity", value) for value in ("low", "medium", "high"))
"""What every tenancy has that switches packet routing on; statements may leave its namespace out."""

_MOST_CARRIED: Final = {"oci:Core/vcn:Vcn": 1}
_MOST_ELSEWHERE: Final = 3


class Configuration(OciModel):
    """Whether packet routing is on. Once it is, it stays, whoever deletes this."""

    token = CONFIGURATION
    kind = "zprconfiguration"
    account_wide = True

    def adopted(self, call: Call) -> Record | None:
        """The one that is there."""
        return _configuration(call)

    def refuse(self, call: Call) -> None:
        """At the root, and never off again."""
        require(
            call.inputs["compartmentId"] == call.place.account,
            400, "InvalidParameter", "packet routing is configured for the root compartment",
        )  # fmt: skip
        known = _configuration(call)
        if known is not None and known.inputs.get("zprStatus") == "ENABLED" and call.get("zprStatus") != "ENABLED":
            raise conflict("Zero Trust Packet Routing cannot be disabled once it is enabled", "IncorrectState")

    def outputs(self, call: Call, id_: str) -> Json:
        """No news."""
        return super().outputs(call, id_) | _news(call)

    def delete(self, call: Call, record: Record) -> None:
        """Nothing: its provider only forgets it."""


class _Retirable(HomeModel):
    """A name that is retired before it is deleted."""

    def refuse_delete(self, call: Call, record: Record) -> None:
        """Retired first."""
        del call
        if not record.inputs.get("isRetired"):
            raise conflict(f"{record.inputs['name']} must be retired before it is deleted", "IncorrectState")

    def outputs(self, call: Call, id_: str) -> Json:
        """In use unless said otherwise."""
        return super().outputs(call, id_) | ({} if "isRetired" in call.inputs else {"isRetired": False})


class Namespace(_Retirable):
    """A namespace of security attributes."""

    token = NAMESPACE
    kind = "securityattributenamespace"
    named_by = "name"

    def outputs(self, call: Call, id_: str) -> Json:
        """The modes that there are."""
        return super().outputs(call, id_) | {"modes": ["enforce", "audit"], "systemTags": {}}


class Attribute(_Retirable):
    """A security attribute in a namespace."""

    token = ATTRIBUTE
    kind = "securityattribute"
    references: ClassVar = (Reference(path="securityAttributeNamespaceId", to=(NAMESPACE,)),)

    def identify(self, call: Call) -> str:
        """Under its namespace."""
        namespace, name = call.inputs["securityAttributeNamespaceId"], call.inputs["name"]
        return f"securityAttributeNamespaces/{namespace}/securityAttributes/{name}"

    def refuse(self, call: Call) -> None:
        """One of each name; a closed list has values."""
        for other in tenancy_records(call, ATTRIBUTE):
            same = other.inputs["securityAttributeNamespaceId"] == call.inputs["securityAttributeNamespaceId"]
            if call.is_new and same and other.inputs["name"].lower() == call.inputs["name"].lower():
                raise conflict(f"Security attribute {call.inputs['name']!r} exists", "SecurityAttributeAlreadyExists")
        validator = record(call.get("validator"))
        if validator.get("validatorType") == "ENUM" and not validator.get("values"):
            raise invalid("validator: an ENUM validator needs values")

    def outputs(self, call: Call, id_: str) -> Json:
        """Where it belongs."""
        namespace = call.visible(NAMESPACE, call.inputs["securityAttributeNamespaceId"])
        known: Json = {} if namespace is None else {
            "compartmentId": namespace.inputs["compartmentId"],
            "securityAttributeNamespaceName": namespace.inputs["name"],
        }  # fmt: skip
        return super().outputs(call, id_) | known | {"type": "string"}


class Policy(HomeModel):
    """Statements that let something connect. They must parse, and what they name must exist."""

    token = "oci:Zpr/zprPolicy:ZprPolicy"  # noqa: S105 - a type token
    kind = "zprpolicy"
    named_by = "name"
    volatile = frozenset({"timeUpdated"})

    def refuse(self, call: Call) -> None:
        """At the root, where packet routing is on; every statement understood, and not too many."""
        require(
            call.inputs["compartmentId"] == call.place.account,
            400, "InvalidParameter", "policies of packet routing are created in the root compartment",
        )  # fmt: skip
        known = _configuration(call)
        if known is None or known.inputs.get("zprStatus") != "ENABLED":
            raise not_found("Zero Trust Packet Routing is not enabled in this tenancy")
        statements: list[str] = call.inputs["statements"]
        if len(statements) > _MOST_STATEMENTS:
            raise invalid(f"statements: {len(statements)}, of which a policy takes {_MOST_STATEMENTS}")
        problems: list[str] = []
        for index, text in enumerate(statements):
            try:
                unknown = [it for it in sorted(parse_routing(text), key=str) if not _exists(call, it)]
            except RoutingError as error:
                problems.append(f"statements[{index}]: {error} in: {text}")
                continue
            problems += [
                f"statements[{index}]: no security attribute {it.namespace}.{it.name}:{it.value}" for it in unknown
            ]
        require(not problems, 400, "InvalidParameter", "; ".join(problems))

    def outputs(self, call: Call, id_: str) -> Json:
        """No news."""
        return super().outputs(call, id_) | _news(call)


def refuse_security_attributes(call: Call) -> None:
    """What a thing carries must exist, in use, with a value that it may have, and not be too much.

    Raises:
        CloudError: the API refuses.
    """
    carried = record(call.get("securityAttributes"))
    found: dict[tuple[str, str], dict[str, str]] = {}
    for key, value in carried.items():
        match = re.fullmatch(r"([^.]+)\.([^.]+)\.(value|mode)", key)
        if match is None:
            raise invalid(f"securityAttributes: {key!r} is not of the form namespace.attribute.value or .mode")
        found.setdefault((match[1], match[2]), {})[match[3]] = str(value)
    most = _MOST_CARRIED.get(call.token, _MOST_ELSEWHERE)
    if len(found) > most:
        raise invalid(f"securityAttributes: {len(found)}, of which this carries {most}")
    for (namespace, name), said in found.items():
        if said.get("mode", "enforce") not in {"enforce", "audit"}:
            raise invalid(f"securityAttributes: {namespace}.{name} has mode {said['mode']}: enforce or audit")
        if not _exists(call, Named(namespace, name, said.get("value", ""))):
            raise invalid(f"securityAttributes: no {namespace}.{name} with value {said.get('value', '')!r}")


def _exists(call: Call, wanted: Named) -> bool:
    """Whether an attribute is there and in use, and may have the value."""
    if wanted in _ORACLES_OWN:
        return True
    for attribute in tenancy_records(call, ATTRIBUTE):
        namespace = call.visible(NAMESPACE, attribute.inputs["securityAttributeNamespaceId"])
        if namespace is None or str(namespace.inputs["name"]).lower() != wanted.namespace.lower():
            continue
        if str(attribute.inputs["name"]).lower() != wanted.name.lower() or attribute.inputs.get("isRetired"):
            continue
        values = record(attribute.inputs.get("validator")).get("values")
        return values is None or wanted.value in values
    return False


def _configuration(call: Call) -> Record | None:
    return next(iter(tenancy_records(call, CONFIGURATION)), None)


def _news(call: Call) -> Json:
    return {"lifecycleDetails": "", "systemTags": {}, "timeUpdated": call.timestamp()}


MODELS: tuple[Model, ...] = (Configuration(), Namespace(), Attribute(), Policy())
