"""Load balancers with their listeners, back-end sets and back ends.

A load balancer's parts have paths instead of OCIDs, name each other by plain names, and are the balancer's own.
"""

import re
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Network
from typing import Any, ClassVar

from infra.sandbox.dns.tokens import LOAD_BALANCER
from infra.sandbox.model import Call, Model, Reference, require
from infra.sandbox.oci.addresses import IPV6, PUBLIC_IP, RESERVABLE
from infra.sandbox.oci.base import OciModel, conflict, invalid, not_found
from infra.sandbox.oci.firewall import GROUP
from infra.sandbox.oci.network import INTERNET_GATEWAY, SUBNET
from infra.sandbox.oci.regions import COMMERCIAL, ocid, ocid_region
from infra.sandbox.store import Record
from infra.sandbox.values import Json

BACKEND_SET = "oci:LoadBalancer/backendSet:BackendSet"
BACKEND = "oci:LoadBalancer/backend:Backend"
LISTENER = "oci:LoadBalancer/listener:Listener"

_OWN = 10  # place in the subnet of an address that is not reserved
_BANDWIDTH = range(10, 8001)
_PORTS = range(1, 65536)
_POLICIES = frozenset({"ROUND_ROBIN", "LEAST_CONNECTIONS", "IP_HASH"})
_PROTOCOLS = frozenset({"HTTP", "HTTP2", "TCP", "GRPC"})
_OVER_HTTP2 = frozenset({"HTTP2", "GRPC"})
_HTTP2_SUITES = frozenset(
    {
        "oci-default-http2-ssl-cipher-suite-v1",
        "oci-default-http2-tls-13-ssl-cipher-suite-v1",
        "oci-default-http2-tls-12-13-ssl-cipher-suite-v1",
    }
)
_SUITES = _HTTP2_SUITES | {
    "oci-default-ssl-cipher-suite-v1",
    "oci-modern-ssl-cipher-suite-v1",
    "oci-compatible-ssl-cipher-suite-v1",
    "oci-wider-compatible-ssl-cipher-suite-v1",
    "oci-tls-13-recommended-ssl-cipher-suite-v1",
    "oci-tls-12-13-wider-ssl-cipher-suite-v1",
    "oci-tls-11-12-13-wider-ssl-cipher-suite-v1",
}
"""Predefined ones (the provider's page `oci_load_balancer_ssl_cipher_suite`); those of one's own are not simulated."""
_TLS = frozenset({"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"})


class LoadBalancer(OciModel):
    """A regional load balancer, public or private."""

    token = LOAD_BALANCER
    kind = "loadbalancer"
    references: ClassVar = (
        Reference(path="subnetIds[]", to=(SUBNET,)),
        Reference(path="networkSecurityGroupIds[]", to=(GROUP,)),
        Reference(path="reservedIps[].id", to=(PUBLIC_IP, IPV6)),
    )

    def refuse(self, call: Call) -> None:
        """A flexible shape, one regional subnet, and for a public one a way to the internet and free addresses."""
        require(
            call.inputs["shape"] == "flexible", 400, "InvalidParameter", f"shape: {call.inputs['shape']!r} is retired"
        )
        details: Json = call.get("shapeDetails", {})
        low, high = details.get("minimumBandwidthInMbps", 0), details.get("maximumBandwidthInMbps", 0)
        require(low in _BANDWIDTH and high in _BANDWIDTH and low <= high, 400, "InvalidParameter",
                f"shapeDetails: {low} to {high} Mbps is not within 10 to 8000")  # fmt: skip
        require(len(call.inputs["subnetIds"]) == 1, 400, "InvalidParameter", "subnetIds: exactly one regional subnet")
        subnet = self._subnet(call)
        if not call.get("isPrivate"):
            if subnet.get("prohibitPublicIpOnVnic"):
                raise invalid("subnetIds: a public load balancer cannot be in a private subnet")
            if not call.neighbours(INTERNET_GATEWAY, vcnId=subnet["vcnId"]):
                raise invalid("subnetIds: the VCN has no internet gateway, which a public load balancer needs")
        if call.get("ipMode") == "IPV6" and not subnet.get("ipv6cidrBlocks"):
            raise invalid("ipMode: the subnet has no IPv6 prefix")
        self._refuse_reserved(call)

    def _refuse_reserved(self, call: Call) -> None:
        wanted = [item["id"] for item in call.get("reservedIps", [])]
        families = [bool(call.visible(IPV6, id_)) for id_ in wanted]
        require(families.count(False) <= 1 and families.count(True) <= 1, 400, "InvalidParameter",
                "reservedIps: at most one address of each family")  # fmt: skip
        require(not any(families) or call.get("ipMode") == "IPV6", 400, "InvalidParameter",
                "reservedIps: an IPv6 address needs ipMode IPV6")  # fmt: skip
        require(not (wanted and call.get("isPrivate")), 400, "InvalidParameter", "reservedIps: not for private ones")
        for other in call.neighbours(LOAD_BALANCER):
            for item in other.inputs.get("reservedIps", []):
                if item["id"] in wanted:
                    raise conflict(f"The address {item['id']} is assigned to {other.id} already", "IncorrectState")

    def _subnet(self, call: Call) -> Json:
        subnet: Any = call.visible(SUBNET, call.inputs["subnetIds"][0])
        return subnet.inputs | subnet.outputs

    def outputs(self, call: Call, id_: str) -> Json:
        """Its addresses: for each family the reserved one, or one of the subnet's; IPV6 means both families."""
        subnet = self._subnet(call)
        details = [_detail(call, PUBLIC_IP, str(IPv4Network(subnet["cidrBlock"])[_OWN]))]
        if call.get("ipMode") == "IPV6":
            details.append(_detail(call, IPV6, str(IPv6Network(subnet["ipv6cidrBlocks"][0])[_OWN])))
        filled: Json = {
            "ipAddressDetails": details,
            "ipAddresses": [item["ipAddress"] for item in details],
            "ipMode": "IPV4",
            "isDeleteProtectionEnabled": False,
            "isPrivate": False,
            "isRequestIdEnabled": False,
            "requestIdHeader": "",
            "securityAttributes": {},
            "systemTags": {},
        }
        return super().outputs(call, id_) | {name: value for name, value in filled.items() if name not in call.inputs}

    volatile = frozenset({"ipAddressDetails", "ipAddresses"})

    def created(self, call: Call, record: Record) -> None:
        """The reserved address is its own from now on, and what it had before is free."""
        card, wanted = _card(call, record), {item["id"] for item in call.get("reservedIps", [])}
        for kind in RESERVABLE:
            for address in call.neighbours(kind.token):
                if address.id in wanted:
                    kind.assign(call, address, card)
                elif address.inputs.get(kind.holder) == card:
                    kind.release(call, address)

    def refuse_delete(self, call: Call, record: Record) -> None:
        """Not while it is protected."""
        del call
        if record.inputs.get("isDeleteProtectionEnabled"):
            raise conflict(f"The load balancer {record.id} has delete protection", "IncorrectState")

    def delete(self, call: Call, record: Record) -> None:
        """Its parts go along, and its address is free."""
        for token in (LISTENER, BACKEND, BACKEND_SET):
            for part in call.neighbours(token, loadBalancerId=record.id):
                call.clouds.remove(part)
        for kind in RESERVABLE:
            for address in call.neighbours(kind.token, **{kind.holder: _card(call, record)}):
                kind.release(call, address)
        super().delete(call, record)


def _card(call: Call, balancer: Record) -> str:
    """What a load balancer's addresses are assigned to."""
    return ocid("vnic", call.place.region, balancer.id)


def _detail(call: Call, family: str, own: str) -> Json:
    """The address of a family: a reserved one, else the balancer's own."""
    for item in call.get("reservedIps", []):
        if (found := call.visible(family, item["id"])) is not None:
            address = (found.inputs | found.outputs)["ipAddress"]
            return {"ipAddress": address, "isPublic": True, "reservedIps": [item]}
    return {"ipAddress": own, "isPublic": not call.get("isPrivate"), "reservedIps": []}


class _Part(OciModel):
    """Something of a load balancer; its id is a path."""

    kind = "part"
    state = "SUCCEEDED"
    references: ClassVar = (Reference(path="loadBalancerId", to=(LOAD_BALANCER,), holds=False),)

    def siblings(self, call: Call, token: str, **inputs: Any) -> list[Record]:
        """Parts of a kind of the same load balancer."""
        return call.neighbours(token, loadBalancerId=call.inputs["loadBalancerId"], **inputs)

    def identify(self, call: Call) -> str:
        """`loadBalancers/{balancer}/{collection}/{name}`."""
        return f"loadBalancers/{call.inputs['loadBalancerId']}/{self.path(call)}"

    def path(self, call: Call) -> str:
        """The path below the load balancer."""
        raise LookupError(f"{call.token}: no rule for paths")

    def refuse(self, call: Call) -> None:
        """A name that the load balancer does not have yet."""
        if call.is_new and call.visible(call.token, self.identify(call)):
            what = call.token.rpartition(":")[2]
            raise conflict(f"{what} {self.path(call).rpartition('/')[2]!r} already exists", "InvalidParameter")


class BackendSet(_Part):
    """Back ends that share a policy and a health check."""

    token = BACKEND_SET

    def path(self, call: Call) -> str:
        """By its name."""
        return f"backendSets/{call.inputs['name']}"

    def refuse(self, call: Call) -> None:
        """A policy and a health check that the service has."""
        super().refuse(call)
        checker = call.inputs["healthChecker"]
        require(call.inputs["policy"] in _POLICIES, 400, "InvalidParameter", f"policy: {call.inputs['policy']!r}")
        require(checker.get("port", 1) in _PORTS, 400, "InvalidParameter", f"healthChecker.port: {checker.get('port')}")
        if checker["protocol"] == "HTTP" and not str(checker.get("urlPath", "")).startswith("/"):
            raise invalid("healthChecker.urlPath: an HTTP check needs an absolute path")
        _refuse_tls(call)

    def refuse_delete(self, call: Call, record: Record) -> None:
        """No listener may still lead to it."""
        for listener in _of(call, record, LISTENER, "defaultBackendSetName"):
            raise conflict(f"The backend set {record.inputs['name']} is used by {listener.id}", "InvalidParameter")

    def delete(self, call: Call, record: Record) -> None:
        """Its back ends go along."""
        for backend in _of(call, record, BACKEND, "backendsetName"):
            call.clouds.remove(backend)
        super().delete(call, record)

    def outputs(self, call: Call, id_: str) -> Json:
        """Its back ends stand on their own."""
        return super().outputs(call, id_) | {"backends": []}


def _of(call: Call, record: Record, token: str, name: str) -> list[Record]:
    return call.neighbours(token, loadBalancerId=record.inputs["loadBalancerId"], **{name: record.inputs["name"]})


class Backend(_Part):
    """A server behind a load balancer."""

    token = BACKEND

    def path(self, call: Call) -> str:
        """By its set, address and port."""
        return f"backendSets/{call.inputs['backendsetName']}/backends/{call.inputs['ipAddress']}:{call.inputs['port']}"

    def refuse(self, call: Call) -> None:
        """A set that exists, an address and a port."""
        super().refuse(call)
        if not self.siblings(call, BACKEND_SET, name=call.inputs["backendsetName"]):
            raise not_found(f"no backend set {call.inputs['backendsetName']}")
        try:
            IPv4Address(call.inputs["ipAddress"])
        except AddressValueError as error:
            raise invalid(f"ipAddress: {call.inputs['ipAddress']!r} is not an IPv4 address") from error
        require(call.inputs["port"] in _PORTS, 400, "InvalidParameter", f"port: {call.inputs['port']}")

    def outputs(self, call: Call, id_: str) -> Json:
        """Its name, and switches that were left out."""
        filled: Json = {"drain": False, "maxConnections": 0, "offline": False, "weight": 1}
        name = f"{call.inputs['ipAddress']}:{call.inputs['port']}"
        given = {key: value for key, value in filled.items() if key not in call.inputs}
        return super().outputs(call, id_) | {"name": name} | given


class Listener(_Part):
    """Where a load balancer listens, and to which back ends it hands on."""

    token = LISTENER

    def path(self, call: Call) -> str:
        """By its name."""
        return f"listeners/{call.inputs['name']}"

    def refuse(self, call: Call) -> None:
        """A free port, a protocol of the service, a set that exists, certificates of this region."""
        super().refuse(call)
        require(
            call.inputs["protocol"] in _PROTOCOLS, 400, "InvalidParameter", f"protocol: {call.inputs['protocol']!r}"
        )
        require(call.inputs["port"] in _PORTS, 400, "InvalidParameter", f"port: {call.inputs['port']}")
        if self.siblings(call, LISTENER, port=call.inputs["port"]):
            raise conflict(f"Port {call.inputs['port']} has a listener already", "InvalidParameter")
        if not self.siblings(call, BACKEND_SET, name=call.inputs["defaultBackendSetName"]):
            raise not_found(f"no backend set {call.inputs['defaultBackendSetName']}")
        tls: Json = call.get("sslConfiguration", {})
        if call.inputs["protocol"] in _OVER_HTTP2 and tls.get("cipherSuiteName") not in _HTTP2_SUITES:
            raise invalid(f"sslConfiguration.cipherSuiteName: {call.inputs['protocol']} needs one for HTTP/2")
        if tls and not (tls.get("certificateIds") or tls.get("certificateName")):
            raise invalid("sslConfiguration: a listener needs certificateIds or certificateName")
        _refuse_tls(call)


def _refuse_tls(call: Call) -> None:
    """Protocols and suites that there are; certificates and authorities of this region: their service is regional."""
    region = call.place.region
    tls: Json = call.get("sslConfiguration", {})
    suite = tls.get("cipherSuiteName")
    require(suite is None or suite in _SUITES, 400, "InvalidParameter", f"sslConfiguration.cipherSuiteName: {suite!r}")
    unknown = sorted(set(tls.get("protocols", [])) - _TLS)
    require(not unknown, 400, "InvalidParameter", f"sslConfiguration.protocols: {', '.join(unknown)}")
    spellings = {region, COMMERCIAL[region], ocid_region(region)}
    for name, kinds in (
        ("certificateIds", "certificate"),
        ("trustedCertificateAuthorityIds", "cabundle|certificateauthority"),
    ):
        for id_ in tls.get(name, []):
            match = re.fullmatch(rf"ocid1\.(?:{kinds})\.oc1\.([a-z0-9-]+)\.[a-z0-9]+", id_)
            if match is None or match[1] not in spellings:
                raise not_found(f"sslConfiguration.{name}: {id_} is not in {region}")


MODELS: tuple[Model, ...] = (LoadBalancer(), BackendSet(), Backend(), Listener())
