"""Public edges: what the internet reaches, and that it reaches nothing else."""

import pytest

from components import edge_network
from tests.support.recorder import Recorded

GROUP = "oci:Core/networkSecurityGroup:NetworkSecurityGroup"
RULE = "oci:Core/networkSecurityGroupSecurityRule:NetworkSecurityGroupSecurityRule"
ROUTES = "oci:Core/routeTable:RouteTable"
SUBNET = "oci:Core/subnet:Subnet"
BALANCER = "oci:LoadBalancer/loadBalancer:LoadBalancer"
EDGE_COMPARTMENT = "<oci:Identity/compartment:Compartment edge.id>"
REGIONS = {"us-ashburn-1": ("iad", 16), "us-phoenix-1": ("phx", 17)}
SUITE = {
    "cipherSuiteName": "oci-default-http2-tls-12-13-ssl-cipher-suite-v1",
    "protocols": ["TLSv1.2", "TLSv1.3"],
}


def inside(recorded: Recorded, component: str, region: str) -> list[str]:
    """Types of what a component registers for a region."""
    return sorted(r.type for r in recorded.managed() if f"usdata:index:{component}$" in r.urn and region in r.name)


@pytest.mark.parametrize("region", REGIONS)
def test_an_edge_is_exactly_this(edges: Recorded, region):
    """One of each, two back ends; nothing with a way to the internet but the load balancer's addresses."""
    assert inside(edges, "PublicEdge", region) == [
        "oci:Core/ipv6:Ipv6",
        "oci:Core/publicIp:PublicIp",
        "oci:HealthChecks/pingMonitor:PingMonitor",
        "oci:LoadBalancer/backend:Backend",
        "oci:LoadBalancer/backend:Backend",
        "oci:LoadBalancer/backendSet:BackendSet",
        "oci:LoadBalancer/listener:Listener",
        BALANCER,
        "oci:Waf/appFirewall:AppFirewall",
        "oci:Waf/appFirewallPolicy:AppFirewallPolicy",
    ]


def test_only_an_edges_network_has_an_internet_gateway(edges: Recorded):
    """One for each edge, in its own VCN and compartment; the region without an edge has none."""
    assert {
        r.name: (r.inputs["vcnId"], r.inputs["compartmentId"], r.provider)
        for r in edges.of_type("oci:Core/internetGateway:InternetGateway")
    } == {
        f"edge-internet-{region}": (f"<oci:Core/vcn:Vcn edge-vcn-{region}.id>", EDGE_COMPARTMENT, f"oci-{region}")
        for region in REGIONS
    }


def test_everything_that_faces_the_internet_is_in_the_compartment_of_edges(edges: Recorded):
    """Every resource of edges that is in a compartment, and nothing of any other component."""
    components = {"PublicEdge", "EdgeNetwork", "TrafficZone", "HostnameRouting"}
    for resource in edges.managed():
        if "compartmentId" in resource.inputs and not resource.type.startswith("oci:Identity/"):
            component = resource.key.partition("$")[0].rpartition(":")[2]
            assert (component in components) == (resource.inputs["compartmentId"] == EDGE_COMPARTMENT), resource.key


@pytest.mark.parametrize("region", REGIONS)
def test_applications_have_no_way_to_or_from_the_internet(edges: Recorded, region):
    """The public subnet's routes lead to the gateway, the private one's to the private networks of every region."""
    block = REGIONS[region][1]
    private = edges.one(SUBNET, f"edge-application-{region}").inputs
    public = edges.one(SUBNET, f"edge-public-{region}").inputs
    names = ("cidrBlock", "prohibitInternetIngress", "prohibitPublicIpOnVnic", "ipv6cidrBlocks")
    assert [private.get(name) for name in names] == [f"10.{block}.32.0/20", True, True, None]
    assert [public.get(name) for name in names] == [f"10.{block}.48.0/20", False, False, ["2001:db8::/64"]]
    gateway, drg = f"<oci:Core/internetGateway:InternetGateway edge-internet-{region}.id>", f"drg-{region}"
    routes = {
        tier: {
            (rule["destination"], rule["networkEntityId"])
            for rule in edges.one(ROUTES, f"edge-{tier}-{region}").inputs["routeRules"]
        }
        for tier in ("public", "application")
    }
    assert routes == {
        "public": {("0.0.0.0/0", gateway), ("::/0", gateway)},
        "application": {(f"10.{block}.0.0/19", f"<oci:Core/drg:Drg {drg}.id>") for block in (16, 17, 18)},
    }


@pytest.mark.parametrize("region", REGIONS)
def test_only_the_edge_is_admitted_to_the_application_tier(edges: Recorded, region):
    """The exact set of rules of both groups."""
    groups = {tier: f"<{GROUP} edge-{tier}-{region}.id>" for tier in ("public", "application")}
    found = set()
    for rule in edges.of_type(RULE):
        for tier, id_ in groups.items():
            if rule.inputs["networkSecurityGroupId"] == id_:
                ports = rule.inputs["tcpOptions"]["destinationPortRange"]
                end = rule.inputs.get("source") or rule.inputs["destination"]
                assert (rule.inputs["protocol"], rule.inputs["stateless"]) == ("6", False)
                found.add((tier, rule.inputs["direction"], end, ports["min"], ports["max"]))
    assert found == {
        ("public", "INGRESS", "0.0.0.0/0", 443, 443),
        ("public", "INGRESS", "::/0", 443, 443),
        ("public", "EGRESS", groups["application"], 8443, 8443),
        ("application", "INGRESS", groups["public"], 8443, 8443),
        *(("application", "EGRESS", f"10.{block}.0.0/20", 1521, 1522) for block in (16, 17, 18)),
        *(("application", "EGRESS", f"10.{block}.16.0/20", 443, 443) for block in (16, 17, 18)),
    }


@pytest.mark.parametrize("region", REGIONS)
def test_a_load_balancer_stands_on_reserved_addresses_and_speaks_tls_only(edges: Recorded, region):
    """Its addresses, its one listener with certificates by OCID, its back ends and who vouches for them."""
    key, block = REGIONS[region]
    name = f"edge-{region}"
    balancer = edges.one(BALANCER, name).inputs
    assert balancer["reservedIps"] == [
        {"id": f"<oci:Core/publicIp:PublicIp {name}.id>"},
        {"id": f"<oci:Core/ipv6:Ipv6 {name}.id>"},
    ]
    assert (balancer["isPrivate"], balancer["ipMode"], balancer["displayName"]) == (False, "IPV6", f"usds-edge-{key}")
    assert balancer["networkSecurityGroupIds"] == [f"<{GROUP} edge-public-{region}.id>"]
    (listener,) = (r.inputs for r in edges.of_type("oci:LoadBalancer/listener:Listener") if r.name == name)
    assert (listener["port"], listener["protocol"], listener["defaultBackendSetName"]) == (443, "HTTP2", "application")
    assert listener["sslConfiguration"] == SUITE | {
        "certificateIds": [f"ocid1.certificate.oc1.{key}.aaaaaaaasandbox"],
        "verifyPeerCertificate": False,
    }
    backends = edges.one("oci:LoadBalancer/backendSet:BackendSet", name).inputs
    assert backends["sslConfiguration"] == SUITE | {
        "trustedCertificateAuthorityIds": [f"ocid1.cabundle.oc1.{key}.aaaaaaaasandbox"],
        "verifyPeerCertificate": True,
    }
    assert {
        (r.inputs["ipAddress"], r.inputs["port"])
        for r in edges.of_type("oci:LoadBalancer/backend:Backend")
        if region in r.name
    } == {(f"10.{block}.32.10", 8443), (f"10.{block}.32.11", 8443)}


@pytest.mark.parametrize("region", REGIONS)
def test_a_firewall_stands_before_the_load_balancer(edges: Recorded, region):
    """A policy that lets pass but what looks like an attack, which it refuses; bodies are looked into."""
    firewall = edges.one("oci:Waf/appFirewall:AppFirewall", f"edge-{region}").inputs
    assert firewall["loadBalancerId"] == f"<{BALANCER} edge-{region}.id>"
    policy = edges.one("oci:Waf/appFirewallPolicy:AppFirewallPolicy", f"edge-{region}").inputs
    (rule,) = policy["requestProtection"]["rules"]
    assert {action["name"]: action["type"] for action in policy["actions"]} == {
        "allow": "ALLOW",
        "refuse": "RETURN_HTTP_RESPONSE",
    }
    assert policy["requestAccessControl"] == {"defaultActionName": "allow"}
    assert (rule["actionName"], rule["isBodyInspectionEnabled"]) == ("refuse", True)
    assert {c["key"] for c in rule["protectionCapabilities"]} == {"9300000", "9420000", "941140", "942270"}


def test_every_subnet_of_an_edge_logs_its_flows(edges: Recorded):
    """Both tiers, into a group in the edge's own compartment."""
    logs = {
        r.name: r.inputs["configuration"]["source"]["resource"]
        for r in edges.of_type("oci:Logging/log:Log")
        if "EdgeNetwork" in r.urn
    }
    assert logs == {
        f"edge-{tier}-flows-{region}": f"<{SUBNET} edge-{tier}-{region}.id>"
        for tier in ("public", "application")
        for region in REGIONS
    }


@pytest.mark.parametrize(
    ("prefixes", "blocks"),
    [(["2603:c020:4000:aa00::/56"], ["2603:c020:4000:aa00::/64"]), ([], [])],
    ids=["given", "not yet"],
)
def test_prefix_of_the_public_subnet(prefixes, blocks):
    """It is the first /64 of the VCN's prefix; the preview that switches IPv6 on sees a VCN without one."""
    assert edge_network._first_64(prefixes) == blocks
