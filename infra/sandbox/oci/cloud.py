"""Simulated Oracle Cloud: tenancies, regions, and the words of its provider.

A tenancy comes into being when it is first named. Its home region is us-ashburn-1 unless
`python -m infra.sandbox seed tenancy` said otherwise, and its Object Storage namespace is the one first used.
"""

import hashlib
from collections.abc import Iterator
from itertools import chain

from infra.sandbox.cloud import Cloud
from infra.sandbox.errors import CloudError
from infra.sandbox.model import Call, Operation, Place, Reference
from infra.sandbox.oci import (
    addresses,
    base,
    cloud_guard,
    dns,
    domains,
    endpoints,
    events,
    firewall,
    health_checks,
    identity,
    keys,
    load_balancers,
    logs,
    network,
    objects,
    outages,
    packet_routing,
    path_tests,
    peering,
    trail,
    users,
    web_firewall,
)
from infra.sandbox.oci.base import OciModel
from infra.sandbox.oci.regions import refuse_region
from infra.sandbox.oci.security_zones import refuse_in_zone
from infra.sandbox.store import Record
from infra.sandbox.values import UNKNOWN, Json

DEFAULT_HOME = "us-ashburn-1"


class _Generic(OciModel):
    kind = "resource"

    def identify(self, call: Call) -> str:
        self_kind = call.token.rpartition(":")[2].lower()
        return super().identify(call).replace("ocid1.resource.", f"ocid1.{self_kind}.", 1)


class Oci(Cloud):
    """The provider `oci` of pulumi_oci."""

    name = "oci"
    version = "5.5.0"

    def __init__(self) -> None:
        modules = (
            *(identity, domains, users, keys, logs, network, firewall, peering, objects, endpoints),
            *(addresses, load_balancers, web_firewall, health_checks, dns),
            *(trail, events, cloud_guard, packet_routing, path_tests),
        )
        super().__init__(tuple(chain.from_iterable(module.MODELS for module in modules)), _Generic())

    def setting_problems(self, settings: Json) -> Iterator[tuple[str, str]]:
        """Nothing: the real provider accepts any configuration, and fails at its first resource."""
        del settings
        return iter(())

    def place(self, settings: Json) -> Place:
        """Tenancy and region of the provider."""
        for name, what in (("region", "region"), ("tenancyOcid", "tenancy")):
            if not settings.get(name) or settings[name] is UNKNOWN:
                raise CloudError(
                    400,
                    "BadConfiguration",
                    "can not create client, bad configuration: did not find a proper configuration for "
                    f"{what}; set `{name}` on the provider",
                )
        return Place(cloud="oci", account=settings["tenancyOcid"], region=settings["region"], settings=settings)

    def refuse(self, call: Call) -> None:
        """Region, its outage, home region, compartment and tags."""
        model = self.model(call.token)
        refuse_region(call.place.region, _service(call.token).lower())
        outages.refuse_lost(call.clouds, call.place.region, _service(call.token).lower())
        if call.operation is Operation.READ:
            return
        home = call.clouds.fact(f"oci {call.place.account} home") or DEFAULT_HOME
        if isinstance(model, base.HomeModel) and call.place.region != home:
            raise CloudError(
                403,
                "NotAllowed",
                f"Please go to your home region {home} to execute CREATE, UPDATE and DELETE operations. "
                f"(this provider works in {call.place.region})",
            )
        if call.operation is not Operation.DELETE:
            base.refuse_compartment(call)
            base.refuse_defined_tags(call)
            base.refuse_missing_tags(call)
            refuse_in_zone(call)
            packet_routing.refuse_security_attributes(call)

    def missing(self, call: Call, reference: Reference, value: str) -> CloudError:
        """Oracle does not tell what is missing from what may not be seen; the text in brackets is the sandbox's."""
        del reference
        return base.not_found(f"{value} is not in {call.place.region}")

    def duplicate(self, call: Call, name: str, holder: Record) -> CloudError:
        """A name that is taken."""
        del holder
        what = call.token.rpartition(":")[2]
        return CloudError(409, f"{what}AlreadyExists", f"{what} with name {name!r} already exists")

    def held(self, call: Call, record: Record, holders: list[Record]) -> CloudError:
        """A resource that others still need."""
        first = holders[0]
        what = call.token.rpartition(":")[2]
        return CloudError(
            409,
            "IncorrectState",
            f"The {what} {record.id} cannot be deleted since it still has attached entities: "
            f"{first.type.rpartition(':')[2]} {first.id}"
            + (f" and {len(holders) - 1} more" if len(holders) > 1 else ""),
        )

    def invalid(self, problems: list[tuple[str, str]]) -> CloudError:
        """Values outside what the API takes, all at once."""
        return base.invalid("; ".join(f"{path}: {reason}" for path, reason in problems))

    def gone(self, call: Call, id_: str) -> CloudError:
        """The resource to change is not here."""
        return base.not_found(f"{id_} is not in {call.place.region}")

    def word_error(self, error: CloudError, *, operation: Operation, token: str, place: Place, subject: str) -> str:
        """As the provider words a service error."""
        verb = {Operation.READ: "Get"}.get(operation, operation.capitalize())
        name = error.operation or verb + token.rpartition(":")[2]
        request = hashlib.sha256(f"{token}{subject}{operation}{error.code}".encode()).hexdigest()[:32].upper()
        return (
            f"Error: {error.status}-{error.code}, {error.message}\n"
            f"Suggestion: {_SUGGESTIONS.get(error.status, 'Please check the request')}\n"
            f"Region: {place.region}\n"
            f"Service: {_service(token)} {token.rpartition(':')[2]}\n"
            f"Operation Name: {name}\n"
            f"OPC request ID: {request}"
        )


_SUGGESTIONS = {
    400: "Please update the parameter(s) in the configuration as per the error message",
    401: "Please retry or contact support with the provider's configuration at hand",
    403: "Please confirm that the provider of this resource works in the right region and may do this",
    404: "Either the resource has been deleted or a service policy to access this resource is missing. "
    "Check policies, the region of the provider, and that what this resource names is created first",
    409: "The resource is in a conflicted state. Please retry again or remove what it conflicts with",
}


def _service(token: str) -> str:
    return token.split(":")[1].partition("/")[0]
