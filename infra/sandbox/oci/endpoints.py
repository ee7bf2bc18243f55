"""Object Storage's settings beside the buckets: the namespace's designated compartments, and private endpoints."""

from typing import ClassVar

from infra.sandbox.errors import CloudError
from infra.sandbox.model import Call, Model, Reference, matches, require
from infra.sandbox.oci.base import COMPARTMENT, conflict, not_found
from infra.sandbox.oci.firewall import GROUP as SECURITY_GROUP
from infra.sandbox.oci.network import SUBNET, next_address
from infra.sandbox.oci.objects import NamedModel, bucket
from infra.sandbox.store import ACTIVE
from infra.sandbox.values import Json

PRIVATE_ENDPOINT = "oci:ObjectStorage/privateEndpoint:PrivateEndpoint"
_MAX_PER_TENANCY = 10


class NamespaceMetadata(NamedModel):
    """Compartments in which buckets made through the S3 and Swift interfaces land. There is always one of it."""

    token = "oci:ObjectStorage/namespaceMetadata:NamespaceMetadata"  # noqa: S105 - a type token
    kind = "namespace"
    references: ClassVar = tuple(
        Reference(path=name, to=(COMPARTMENT,), holds=False)
        for name in ("defaultS3compartmentId", "defaultSwiftCompartmentId")
    )

    def identify(self, call: Call) -> str:
        """The namespace itself."""
        return call.inputs["namespace"]

    def refuse(self, call: Call) -> None:
        """The tenancy's own namespace."""
        self.namespace(call)

    def outputs(self, call: Call, id_: str) -> Json:
        """Compartments that were left out: the root."""
        del id_
        names = ("defaultS3compartmentId", "defaultSwiftCompartmentId")
        return {name: call.place.account for name in names if name not in call.inputs}


class PrivateEndpoint(NamedModel):
    """An address in a subnet under which buckets are reached."""

    token = PRIVATE_ENDPOINT
    kind = "privateendpoint"
    state = "ACTIVE"
    references: ClassVar = (
        Reference(path="subnetId", to=(SUBNET,)),
        Reference(path="nsgIds[]", to=(SECURITY_GROUP,)),
    )

    def identify(self, call: Call) -> str:
        """Named under its namespace."""
        return f"n/{call.inputs['namespace']}/pe/{call.inputs['name']}"

    def refuse(self, call: Call) -> None:
        """Unique name and prefix, targets that exist, ten in a tenancy."""
        self.namespace(call)
        if call.is_new and call.visible(PRIVATE_ENDPOINT, self.identify(call)):
            raise conflict(f"Private endpoint {call.inputs['name']!r} already exists", "PrivateEndpointAlreadyExists")
        if call.neighbours(PRIVATE_ENDPOINT, prefix=call.inputs["prefix"]):
            raise conflict(
                f"Prefix {call.inputs['prefix']!r} is used by another private endpoint", "PrefixAlreadyExists"
            )
        require(
            matches(r"[a-z0-9]([a-z0-9-]{0,14}[a-z0-9])?", call.inputs["prefix"]), 400, "InvalidParameter",
            f"prefix: {call.inputs['prefix']!r} is not 1 to 16 lower-case letters, digits and inner hyphens",
        )  # fmt: skip
        existing = call.clouds.all(cloud="oci", account=call.place.account, type=PRIVATE_ENDPOINT)
        if call.is_new and sum(record.status == ACTIVE for record in existing) >= _MAX_PER_TENANCY:
            raise CloudError(400, "LimitExceeded", f"A tenancy has at most {_MAX_PER_TENANCY} private endpoints")
        for target in call.inputs["accessTargets"]:
            if target["bucket"] != "*":
                bucket(call, target["bucket"])
            if target["compartmentId"] not in {"*", call.place.account} and not call.visible(
                COMPARTMENT, target["compartmentId"]
            ):
                raise not_found(target["compartmentId"])

    def outputs(self, call: Call, id_: str) -> Json:
        """Names and the address in the subnet."""
        prefix, namespace, region = call.inputs["prefix"], call.inputs["namespace"], call.place.region
        stem = f"{prefix}-{namespace}.private"
        filled: Json = {
            "createdBy": f"ocid1.user.oc1..{'deployer':a<60}",
            "etag": f"etag-{id_}",
            "timeModified": call.timestamp(),
            "privateEndpointIp": next_address(call, PRIVATE_ENDPOINT),
            "fqdns": {
                "standardFqdn": f"{stem}.objectstorage.{region}.oci.customer-oci.com",
                "s3Fqdn": f"{stem}.compat.objectstorage.{region}.oci.customer-oci.com",
            },
            "securityAttributes": {},
        }
        return super().outputs(call, id_) | {name: value for name, value in filled.items() if name not in call.inputs}


MODELS: tuple[Model, ...] = (NamespaceMetadata(), PrivateEndpoint())
