"""Identity: compartments, groups, policies, tags and quotas. All of them live in the tenancy's home region."""

import hashlib
from ipaddress import ip_network
from typing import ClassVar

from infra.sandbox.model import Call, Model, Operation, Reference, require
from infra.sandbox.oci import statements
from infra.sandbox.oci.base import (
    COMPARTMENT,
    TAG,
    TAG_DEFAULT,
    TAG_NAMESPACE,
    HomeModel,
    conflict,
    invalid,
    parent,
    tenancy_records,
)
from infra.sandbox.oci.grants import POLICY, resolve
from infra.sandbox.oci.regions import COMMERCIAL
from infra.sandbox.store import ACTIVE, Record
from infra.sandbox.values import Json, record

GROUP = "oci:Identity/group:Group"
DYNAMIC_GROUP = "oci:Identity/dynamicGroup:DynamicGroup"
NETWORK_SOURCE = "oci:Identity/networkSource:NetworkSource"
QUOTA = "oci:Limits/quota:Quota"


class Compartment(HomeModel):
    """A compartment. Without `enableDelete` a destroy leaves it behind and a create takes over one of the same name."""

    token = COMPARTMENT
    kind = "compartment"

    def outputs(self, call: Call, id_: str) -> Json:
        """Parent and accessibility."""
        return super().outputs(call, id_) | {"isAccessible": True} | _default(call, compartmentId=call.place.account)

    def adopted(self, call: Call) -> Record | None:
        """The compartment of the same name under the same parent, unless it is to be really deletable."""
        same = self._same_name(call)
        return None if same is None or call.get("enableDelete") else same

    def refuse(self, call: Call) -> None:
        """Names are unique under a parent."""
        same = self._same_name(call)
        if same is not None and (call.operation is Operation.UPDATE or call.get("enableDelete")):
            raise conflict(f"Compartment with name {call.inputs['name']!r} already exists", "CompartmentAlreadyExists")

    def _same_name(self, call: Call) -> Record | None:
        wanted = call.get("compartmentId", call.place.account)
        for other in tenancy_records(call, COMPARTMENT):
            mine = call.old is not None and other.id == call.old.id
            if not mine and other.inputs.get("name") == call.inputs["name"] and parent(other) == wanted:
                return other
        return None

    def refuse_delete(self, call: Call, record: Record) -> None:
        """With `enableDelete` a compartment must be empty; what is scheduled for deletion is still in it."""
        if not record.inputs.get("enableDelete"):
            return
        inside = [
            other
            for other in call.clouds.all(cloud="oci", account=record.account)
            if (other.inputs | other.outputs).get("compartmentId") == record.id and other.id != record.id
        ]
        if inside:
            first = inside[0]
            raise conflict(
                f"Compartment {record.id} is not empty: {first.type.rpartition(':')[2]} {first.id} ({first.status})"
            )

    def delete(self, call: Call, record: Record) -> None:
        """Only `enableDelete` deletes."""
        if record.inputs.get("enableDelete"):
            call.clouds.remove(record)


class _Named(HomeModel):
    """A type whose name is unique in the tenancy."""

    named_by = "name"


class Group(_Named):
    """A group of users."""

    token = GROUP
    kind = "group"

    def outputs(self, call: Call, id_: str) -> Json:
        """Groups belong to the tenancy itself."""
        return super().outputs(call, id_) | _default(call, compartmentId=call.place.account)


class DynamicGroup(_Named):
    """A group of resources, by a rule."""

    token = DYNAMIC_GROUP
    kind = "dynamicgroup"


class NetworkSource(_Named):
    """Addresses that policies name, at the root of the tenancy (Oracle's page "Managing Network Sources")."""

    token = NETWORK_SOURCE
    kind = "networksource"

    def refuse(self, call: Call) -> None:
        """At the root; at least one source; addresses and CIDRs of IPv4 or IPv6."""
        require(
            call.inputs["compartmentId"] == call.place.account,
            400, "InvalidParameter", "network sources are created in the root compartment",
        )  # fmt: skip
        sources: list[str] = call.get("publicSourceLists", [])
        require(
            sources or call.inputs.get("virtualSourceLists"),
            400, "InvalidParameter", "a network source needs at least one source",
        )  # fmt: skip
        for source in sources:
            try:
                ip_network(source)
            except ValueError:
                raise invalid(f"publicSourceList: {source!r} is no IP address or CIDR block") from None


class TagNamespace(_Named):
    """A namespace of tag keys. It must hold none when it is deleted."""

    token = TAG_NAMESPACE
    kind = "tagnamespace"

    def outputs(self, call: Call, id_: str) -> Json:
        """Not retired unless said so."""
        return super().outputs(call, id_) | _default(call, isRetired=False)


class Tag(HomeModel):
    """A tag key in a namespace."""

    token = TAG
    kind = "tagdefinition"
    named_by = None
    references: ClassVar = (Reference(path="tagNamespaceId", to=(TAG_NAMESPACE,)),)

    def refuse(self, call: Call) -> None:
        """Names are unique in their namespace, without regard to case."""
        for other in tenancy_records(call, TAG):
            if (
                (call.old is None or other.id != call.old.id)
                and other.inputs["tagNamespaceId"] == call.inputs["tagNamespaceId"]
                and other.inputs["name"].lower() == call.inputs["name"].lower()
            ):
                raise conflict(
                    f"Tag with name {call.inputs['name']!r} already exists in the namespace", "TagAlreadyExists"
                )
        if record(call.get("validator")).get("validatorType") == "ENUM" and not call.inputs["validator"].get("values"):
            raise invalid("validator: an ENUM validator needs values")

    def outputs(self, call: Call, id_: str) -> Json:
        """Flags that were left out."""
        return super().outputs(call, id_) | _default(call, isRetired=False, isCostTracking=False)


class TagDefault(HomeModel):
    """A tag that new resources of a compartment get."""

    token = TAG_DEFAULT
    kind = "tagdefault"
    references: ClassVar = (Reference(path="tagDefinitionId", to=(TAG,)),)

    def outputs(self, call: Call, id_: str) -> Json:
        """Names of the tag and its namespace."""
        tag = call.visible(TAG, call.inputs["tagDefinitionId"])
        named = (
            {}
            if tag is None
            else {"tagDefinitionName": tag.inputs["name"], "tagNamespaceId": tag.inputs["tagNamespaceId"]}
        )
        return super().outputs(call, id_) | named | _default(call, isRequired=False)


class Policy(HomeModel):
    """Statements that allow something. They must parse, and what they name must exist."""

    token = POLICY
    kind = "policy"
    volatile = frozenset({"ETag", "lastUpdateETag", "policyHash"})

    def refuse(self, call: Call) -> None:
        """Unique name in the compartment; every statement understood."""
        for other in tenancy_records(call, POLICY):
            if (
                (call.old is None or other.id != call.old.id)
                and other.inputs["name"] == call.inputs["name"]
                and other.inputs["compartmentId"] == call.inputs["compartmentId"]
            ):
                raise conflict(f"Policy with name {call.inputs['name']!r} already exists", "PolicyAlreadyExists")
        names = {token: {str(r.name) for r in tenancy_records(call, token)} for token in (GROUP, DYNAMIC_GROUP)}
        names[NETWORK_SOURCE] = {str(r.inputs.get("name")) for r in tenancy_records(call, NETWORK_SOURCE)}
        problems: list[str] = []
        for index, text in enumerate(call.inputs["statements"]):
            try:
                statement = statements.parse(text)
                _refuse_names(call, statement, names)
            except statements.StatementError as error:
                problems.append(f"statements[{index}]: {error} in: {text}")
        require(not problems, 400, "InvalidParameter", "; ".join(problems))

    def outputs(self, call: Call, id_: str) -> Json:
        """Hash and version tag."""
        digest = hashlib.md5("\n".join(call.inputs["statements"]).encode(), usedforsecurity=False).hexdigest()
        return super().outputs(call, id_) | {"policyHash": digest, "ETag": digest, "lastUpdateETag": digest}


class Quota(HomeModel):
    """Limits. One statement after the other, at the root of the tenancy."""

    token = QUOTA
    kind = "quota"
    named_by = "name"

    def refuse(self, call: Call) -> None:
        """Every statement understood; regions that exist; at the root."""
        require(
            call.inputs["compartmentId"] == call.place.account,
            400, "InvalidParameter", "quotas are created in the root compartment",
        )  # fmt: skip
        problems: list[str] = []
        for index, text in enumerate(call.inputs["statements"]):
            try:
                quota = statements.parse_quota(text)
                if quota.compartment is not None:
                    resolve(call, call.place.account, quota.compartment)
            except statements.StatementError as error:
                problems.append(f"statements[{index}]: {error} in: {text}")
        require(not problems, 400, "InvalidParameter", "; ".join(problems))

    def outputs(self, call: Call, id_: str) -> Json:
        """No lock is overridden."""
        return super().outputs(call, id_) | {"isLockOverride": False}


def _refuse_names(call: Call, statement: statements.Statement, names: dict[str, set[str]]) -> None:
    for token, used, what in (
        (GROUP, statement.groups, "Group"),
        (DYNAMIC_GROUP, statement.dynamic_groups, "Dynamic group"),
        (NETWORK_SOURCE, statement.network_sources, "Network source"),
    ):
        known = {name.lower() for name in names[token]}
        for name in used:
            if name.rpartition("/")[2].lower() not in known and name != "Administrators":
                raise statements.StatementError(f"{what} {name} does not exist")
    if statement.compartment is not None:
        resolve(call, call.inputs["compartmentId"], statement.compartment)
    if statement.compartment_id is not None and statement.compartment_id != call.place.account:
        found = call.clouds.find(cloud="oci", account=call.place.account, type=COMPARTMENT, id=statement.compartment_id)
        if found is None or found.status != ACTIVE:
            raise statements.StatementError(f"Compartment {statement.compartment_id} does not exist")
    keys = {*COMMERCIAL.values(), *COMMERCIAL}
    for region in statement.regions:
        if region.lower() not in keys:
            raise statements.StatementError(f"no region {region}")


def _default(call: Call, **values: object) -> Json:
    return {name: value for name, value in values.items() if name not in call.inputs}


MODELS: tuple[Model, ...] = (
    Compartment(), Group(), DynamicGroup(), NetworkSource(), TagNamespace(), Tag(), TagDefault(), Policy(), Quota(),
)  # fmt: skip
