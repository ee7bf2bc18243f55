"""A region's public edge: what answers users, and the only thing in the region that the internet reaches.

What it refuses:

* *An address that comes and goes.* Users are sent to reserved addresses, which outlive a load balancer: replacing one
  changes no answer.
* *Plain text.* Users and back ends are spoken to over TLS only, 1.2 at least. Certificates are named by OCID; no key
  material passes through here.
* *A back end that nobody vouches for.* The load balancer verifies each against the authority that the plan names.
* *A way around the firewall.* It stands in front of the load balancer itself, whatever hostname was asked for.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_oci as oci

from components import naming
from components.base import Component
from components.edge_network import EdgeNetwork, EdgeTier
from components.tenancy import TenancyFoundation
from infra.residency.placement import Compartment
from infra.residency.traffic import Edge, ProbeInterval, RecordType

if TYPE_CHECKING:
    from collections.abc import Mapping

_HTTPS = 443
_LEAST_MBPS, _MOST_MBPS = 10, 8000
"""Bandwidth of the flexible shape: paid for as used, up to the most that the service offers."""

_SUITE = "oci-default-http2-tls-12-13-ssl-cipher-suite-v1"
"""The service's set for HTTP/2 over TLS 1.2 and 1.3 (its page "Predefined Load Balancer Cipher Suites")."""

_PROTOCOLS = ["TLSv1.2", "TLSv1.3"]
_BACKENDS = "application"
_PROTECTIONS = {"9300000": 2, "9420000": 2, "941140": 2, "942270": 1}
"""Capabilities of the firewall service by key, with their version: local file inclusion and SQL injection (groups of
filters), cross-site scripting, and common SQL injection. The service's console recommends these for a start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicEdgeArgs:
    """An edge and the network that it stands in."""

    foundation: TenancyFoundation
    edge: Edge
    network: EdgeNetwork
    probe_interval: ProbeInterval
    provider: oci.Provider


class PublicEdge(Component):
    """Reserved addresses, a load balancer with a TLS listener and back ends, its firewall, and a monitor.

    Attributes:
        edge: what was planned.
        addresses: what hostnames answer with, by record type; known only once they exist.
        network: where it stands.
        balancer: the load balancer.
        firewall: what stands in front of it.
    """

    edge: Edge
    addresses: "Mapping[RecordType, pulumi.Output[str]]"
    network: EdgeNetwork
    balancer: oci.loadbalancer.LoadBalancer
    firewall: oci.waf.AppFirewall

    def __init__(self, name: str, args: PublicEdgeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("PublicEdge", name, opts)
        self.edge, self.network, self._args = args.edge, args.network, args
        self._compartment_id = args.foundation.compartments[Compartment.EDGE].id
        self._name = f"edge-{args.edge.region}"
        ipv4 = oci.core.PublicIp(
            self._name,
            compartment_id=self._compartment_id,
            display_name=args.edge.name,
            lifetime="RESERVED",
            opts=self._child(args.provider, set_elsewhere=("privateIpId",)),  # by the load balancer that takes it
        )
        ipv6 = self._ipv6() if args.edge.ipv6 else None
        self.addresses = {RecordType.A: ipv4.ip_address} | ({RecordType.AAAA: ipv6.ip_address} if ipv6 else {})
        self.balancer = self._load_balancer([address.id for address in (ipv4, ipv6) if address is not None])
        self._backends(self.balancer)
        self.firewall = self._firewall(self.balancer)
        self._monitor()
        self.register_outputs({})

    def _display_name(self, what: str) -> str:
        return naming.regional(self._args.foundation.organization, f"edge-{what}", self.edge.region)

    def _ipv6(self) -> oci.core.Ipv6:
        return oci.core.Ipv6(
            self._name,
            subnet_id=self._args.network.subnets[EdgeTier.PUBLIC].id,
            display_name=self.edge.name,
            lifetime="RESERVED",
            opts=self._child(self._args.provider, set_elsewhere=("vnicId",)),  # by the load balancer that takes it
        )

    def _load_balancer(self, addresses: list[pulumi.Output[str]]) -> oci.loadbalancer.LoadBalancer:
        network = self._args.network
        return oci.loadbalancer.LoadBalancer(
            self._name,
            compartment_id=self._compartment_id,
            display_name=self.edge.name,
            shape="flexible",
            shape_details=oci.loadbalancer.LoadBalancerShapeDetailsArgs(
                minimum_bandwidth_in_mbps=_LEAST_MBPS, maximum_bandwidth_in_mbps=_MOST_MBPS
            ),
            subnet_ids=[network.subnets[EdgeTier.PUBLIC].id],
            network_security_group_ids=[network.security_groups[EdgeTier.PUBLIC].id],
            is_private=False,
            ip_mode="IPV6" if self.edge.ipv6 else "IPV4",  # IPV6 means both
            reserved_ips=[oci.loadbalancer.LoadBalancerReservedIpArgs(id=id_) for id_ in addresses],
            opts=self._child(self._args.provider),
        )

    def _backends(self, balancer: oci.loadbalancer.LoadBalancer) -> None:
        edge, provider = self.edge, self._args.provider
        backend_set = oci.loadbalancer.BackendSet(
            self._name,
            load_balancer_id=balancer.id,
            name=_BACKENDS,
            policy="LEAST_CONNECTIONS",
            # Whether a hostname's application is well is for its own monitor to say: here, whether a back end is there.
            health_checker=oci.loadbalancer.BackendSetHealthCheckerArgs(protocol="TCP", port=edge.backend_port),
            ssl_configuration=oci.loadbalancer.BackendSetSslConfigurationArgs(
                protocols=_PROTOCOLS,
                cipher_suite_name=_SUITE,
                trusted_certificate_authority_ids=[edge.authority_id],
                verify_peer_certificate=True,
            ),
            opts=self._child(provider),
        )
        for backend in edge.backends:
            oci.loadbalancer.Backend(
                f"{self._name}-{backend.name}",
                load_balancer_id=balancer.id,
                backendset_name=backend_set.name,
                ip_address=str(backend.address),
                port=edge.backend_port,
                opts=self._child(provider),
            )
        oci.loadbalancer.Listener(
            self._name,
            load_balancer_id=balancer.id,
            name="https",
            port=_HTTPS,
            protocol="HTTP2",
            default_backend_set_name=backend_set.name,
            ssl_configuration=oci.loadbalancer.ListenerSslConfigurationArgs(
                certificate_ids=[edge.certificate_id],
                protocols=_PROTOCOLS,
                cipher_suite_name=_SUITE,
                verify_peer_certificate=False,  # users have no certificates
            ),
            opts=self._child(provider),
        )

    def _firewall(self, balancer: oci.loadbalancer.LoadBalancer) -> oci.waf.AppFirewall:
        waf, provider = oci.waf, self._args.provider
        policy = waf.AppFirewallPolicy(
            self._name,
            compartment_id=self._compartment_id,
            display_name=self._display_name("waf"),
            actions=[
                waf.AppFirewallPolicyActionArgs(name="allow", type="ALLOW"),
                waf.AppFirewallPolicyActionArgs(name="refuse", type="RETURN_HTTP_RESPONSE", code=403),
            ],
            request_access_control=waf.AppFirewallPolicyRequestAccessControlArgs(default_action_name="allow"),
            request_protection=waf.AppFirewallPolicyRequestProtectionArgs(
                rules=[
                    waf.AppFirewallPolicyRequestProtectionRuleArgs(
                        name="attacks",
                        type="PROTECTION",
                        action_name="refuse",
                        is_body_inspection_enabled=True,
                        protection_capabilities=[
                            waf.AppFirewallPolicyRequestProtectionRuleProtectionCapabilityArgs(key=key, version=version)
                            for key, version in _PROTECTIONS.items()
                        ],
                    )
                ]
            ),
            opts=self._child(provider),
        )
        return waf.AppFirewall(
            self._name,
            compartment_id=self._compartment_id,
            display_name=self._display_name("waf"),
            backend_type="LOAD_BALANCER",
            load_balancer_id=balancer.id,
            web_app_firewall_policy_id=policy.id,
            opts=self._child(provider),
        )

    def _monitor(self) -> None:
        """Whether the edge can be reached at all, for those on call; hostnames have monitors of their own."""
        oci.healthchecks.PingMonitor(
            self._name,
            compartment_id=self._compartment_id,
            display_name=self.edge.name,
            protocol="TCP",
            port=_HTTPS,
            interval_in_seconds=self._args.probe_interval.value,
            targets=list(self.addresses.values()),
            opts=self._child(self._args.provider),
        )
