"""Networks: what the program registers keeps packets in, a way out seeded below the planner is found and replays.

Each case starts from what the program registers for the sample that answers users, in a preview and with known values.
That both deciders agree on random networks is for a sample here and for `make deciders`; that the model is
what Oracle's networks do is read in its documentation, not tested.
"""

from ipaddress import IPv4Network
from random import Random

import pytest

from infra.residency.regions import UsRegion
from infra.verify.graph import UNKNOWN
from infra.verify.network import reach, walk
from infra.verify.network.read import FOREIGN, Layout, read
from infra.verify.sources.state import graph_of
from tests.deciders import networks
from tests.verify.test_traffic import Resources

ASHBURN, PHOENIX, CHICAGO, SAN_JOSE = UsRegion
LAYOUT = Layout(
    ranges={
        ASHBURN: IPv4Network("10.16.0.0/16"),
        PHOENIX: IPv4Network("10.17.0.0/16"),
        CHICAGO: IPv4Network("10.18.0.0/16"),
    },
    edges=frozenset({ASHBURN, PHOENIX}),
)
EVERYWHERE = "0.0.0.0/0"


class Networks(Resources):
    """Resources with what the clouds add to a VCN."""

    def __init__(self, *, preview) -> None:
        super().__init__(preview=preview)
        for r in self.all.values():
            if r["type"].endswith(":Vcn") and not preview:
                name = r["urn"].rpartition("::")[2]
                r["outputs"] = {
                    key: f"<{r['type']} {name}.{key}>" for key in ("defaultSecurityListId", "defaultRouteTableId")
                }

    def read(self, layout=LAYOUT):
        """The networks that they are."""
        return read(graph_of(self.all.values()), layout)

    def link(self, kind, name, property_, other):
        """Let a property name another resource, as a preview or a state would."""
        self.inputs(kind, name)[property_] = self._id(other)
        self._depend(kind, name, property_, other)

    def _id(self, other):
        return UNKNOWN if self.preview else other["id"]

    def _depend(self, kind, name, property_, other):
        sources = self.get(kind, name)["propertyDependencies"]
        sources[property_] = sorted({*sources.get(property_, []), other["urn"]})

    def route(self, table, destination, target):
        """One more route."""
        rule = {"destination": destination, "destinationType": "CIDR_BLOCK", "networkEntityId": self._id(target)}
        self.inputs("RouteTable", table)["routeRules"].append(rule)
        self._depend("RouteTable", table, "routeRules", target)

    def gateway(self, kind, vcn, like="services-us-ashburn-1"):
        """One more gateway."""
        made = self.add(f"oci:Core/{kind[0].lower()}{kind[1:]}:{kind}", "way-out", self.get("ServiceGateway", like))
        made["inputs"].pop("services", None)
        if self.preview:
            made["id"] = ""
        self.link(kind, "way-out", "vcnId", self.get("Vcn", vcn))
        return made

    def group_rule(self, group, direction, end, **more: object):
        """One more rule of a security group."""
        side = "source" if direction == "INGRESS" else "destination"
        rule = self.add(
            "oci:Core/networkSecurityGroupSecurityRule:NetworkSecurityGroupSecurityRule",
            "more",
            self.get("NetworkSecurityGroupSecurityRule", f"{group}-to-services"),
        )
        for key in ("source", "sourceType", "destination", "destinationType"):
            rule["inputs"].pop(key, None)
        rule["inputs"] |= {"direction": direction, side: end, f"{side}Type": "CIDR_BLOCK", **more}


@pytest.fixture(params=[True, False], ids=["preview", "known"])
def resources(request):
    """What the program registers, before and after ids are known."""
    return Networks(preview=request.param)


def test_what_the_program_registers_lets_no_packet_out(resources):
    """Read whole, and by both deciders; counted, so that this is not about nothing."""
    found = resources.read()
    assert (found.gaps, found.exposed) == ((), ())
    assert sorted(subnet.role.value for subnet in found.networks.subnets.values()) == sorted(
        ["data"] * 6 + ["application"] * 2 + ["public"] * 2
    )
    assert reach.escapes(found.networks) == ()
    assert walk.escapes(found.networks) == frozenset()


def test_what_is_let_through_is_what_the_theorem_admits(resources):
    """Data gets to the services of its region, its own network, its peers and the back ends, and to no more."""
    found = resources.read().networks
    wiring = reach.ends(found)
    (data,) = (urn for urn in wiring if urn.endswith("::data-us-ashburn-1"))
    assert {urn.rpartition("::")[2] for urn in wiring[data]} == {
        "services-us-ashburn-1",
        *(f"{tier}-{region}" for tier in ("data", "endpoint") for region in (ASHBURN, PHOENIX, CHICAGO)),
        *(f"edge-application-{region}" for region in (ASHBURN, PHOENIX)),
    }


def internet(r):
    """An internet gateway, a route to it and a rule that lets packets out."""
    r.route("data-us-ashburn-1", EVERYWHERE, r.gateway("InternetGateway", "vcn-us-ashburn-1"))
    r.group_rule("data-us-ashburn-1", "EGRESS", EVERYWHERE)


def called_from_the_internet(r):
    """The same, with a rule that lets callers in: the answers go out."""
    r.route("data-us-ashburn-1", EVERYWHERE, r.gateway("InternetGateway", "vcn-us-ashburn-1"))
    r.group_rule("data-us-ashburn-1", "INGRESS", "203.0.113.0/24")


def nat(r):
    """A NAT gateway for one range."""
    r.route("data-us-ashburn-1", "203.0.113.0/24", r.gateway("NatGateway", "vcn-us-ashburn-1"))
    r.group_rule("data-us-ashburn-1", "EGRESS", "203.0.113.0/24")


def other_services(r):
    """A service gateway that names services of Phoenix."""
    r.inputs("ServiceGateway", "services-us-ashburn-1")["services"] = [{"serviceId": "ocid1.service.oc1.phx.aaaa"}]


def unmanaged_list(r):
    """A default list as Oracle makes it lets everything out, and a route leads there."""
    r.remove("DefaultSecurityList", "default-list-us-ashburn-1")
    r.route("data-us-ashburn-1", EVERYWHERE, r.gateway("InternetGateway", "vcn-us-ashburn-1"))


def list_of_its_own(r):
    """A security list that lets everything out, to a route."""
    made = r.add(
        "oci:Core/securityList:SecurityList",
        "more",
        r.get("RouteTable", "data-us-ashburn-1"),
        egressSecurityRules=[{"protocol": "all", "destination": EVERYWHERE}],
    )
    made["id"] = "" if r.preview else made["id"]
    r.inputs("Subnet", "data-us-ashburn-1")["securityListIds"] = []
    r.link("Subnet", "data-us-ashburn-1", "securityListIds", made)
    r.inputs("Subnet", "data-us-ashburn-1")["securityListIds"] = [r._id(made)]
    r.get("Subnet", "data-us-ashburn-1")["propertyDependencies"]["securityListIds"] = [made["urn"]]
    r.route("data-us-ashburn-1", EVERYWHERE, r.gateway("NatGateway", "vcn-us-ashburn-1"))


def to_the_load_balancer(r):
    """Packets to the public subnet of an edge."""
    r.route("data-us-ashburn-1", "10.16.48.0/20", r.get("Drg", "drg-us-ashburn-1"))
    r.group_rule(
        "data-us-ashburn-1",
        "EGRESS",
        "10.16.48.0/20",
        tcpOptions={"destinationPortRange": {"min": 443, "max": 443}},
    )


def foreign_peer(r):
    """A peering that asks for a network of somebody else."""
    r.inputs("RemotePeeringConnection", "us-ashburn-1-to-us-phoenix-1")["peerId"] = "ocid1.remotepeering.oc1..other"


def attached_tunnel(r):
    """A tunnel attached to the router."""
    r.inputs("DrgAttachment", "drg-us-ashburn-1")["networkDetails"] = {"type": "IPSEC_TUNNEL", "id": "ocid1.tunnel"}


def foreign_target(r):
    """A route to something that nobody manages here."""
    r.inputs("RouteTable", "data-us-ashburn-1")["routeRules"][1]["networkEntityId"] = "ocid1.privateip.oc1.iad.other"


def peer_abroad(r):
    """A peer's provider works in another country."""
    provider = r.add("pulumi:providers:oci", "oci-elsewhere", region="ap-singapore-1")
    for found in list(r.all.values()):
        if found["urn"].endswith("us-phoenix-1") and found["type"].startswith("oci:Core/"):
            found["provider"] = f"{provider['urn']}::id"


ESCAPES = {
    internet: "way-out",
    called_from_the_internet: "way-out",
    nat: "way-out",
    other_services: "services-us-ashburn-1",
    unmanaged_list: "way-out",
    list_of_its_own: "way-out",
    to_the_load_balancer: "edge-public-us-ashburn-1",
    foreign_peer: FOREIGN,
    attached_tunnel: FOREIGN,
    foreign_target: FOREIGN,
    peer_abroad: "data-us-phoenix-1",
}


@pytest.mark.parametrize("edit", ESCAPES, ids=lambda edit: edit.__name__)
def test_a_way_out_is_found_and_replays(resources, edit):
    """By both deciders, with a path from subnet to target and a packet that gets there one hop after the other."""
    edit(resources)
    found = resources.read().networks
    escapes = [it for it in reach.escapes(found) if it.source.endswith("::data-us-ashburn-1")]
    assert ESCAPES[edit] in {it.target.rpartition("::")[2] for it in escapes}
    assert {(it.source, it.target) for it in reach.escapes(found)} == walk.escapes(found)
    for escape in escapes:
        assert escape.target in walk.ends(found, escape.packet)
        assert (escape.path[0], escape.path[-1]) == (escape.source, escape.target)


def no_route(r):
    """A rule that lets packets out, and no route."""
    r.group_rule("data-us-ashburn-1", "EGRESS", EVERYWHERE)


def one_route_for_all_peers(r):
    """Routes to whole regions instead of their parts."""
    r.route("data-us-ashburn-1", "10.0.0.0/8", r.get("Drg", "drg-us-ashburn-1"))


@pytest.mark.parametrize("edit", [no_route, one_route_for_all_peers])
def test_what_opens_no_way_is_no_escape(resources, edit):
    """A rule alone lets nothing out, in the eyes of both deciders, and a wider route to the same router neither."""
    edit(resources)
    found = resources.read()
    assert found.gaps == ()
    assert (reach.escapes(found.networks), walk.escapes(found.networks)) == ((), frozenset())


def test_a_route_without_a_rule_counts_while_targets_are_unknown(resources):
    """Until ids are known each route may lead to the gateway; then none does that a rule lets packets take."""
    resources.route("data-us-ashburn-1", EVERYWHERE, resources.gateway("InternetGateway", "vcn-us-ashburn-1"))
    found = resources.read().networks
    assert bool(reach.escapes(found)) is resources.preview
    assert {(it.source, it.target) for it in reach.escapes(found)} == walk.escapes(found)


def put(kind, name, **inputs: object):
    """Other inputs."""
    return lambda r: r.inputs(kind, name).update(inputs)


def rule(r):
    """The inputs of a rule of a group."""
    return r.inputs("NetworkSecurityGroupSecurityRule", "data-us-ashburn-1-to-services")


DATA = "data-us-ashburn-1"
GAPS = {
    "another type of carrier": lambda r: r.add("oci:Core/localPeeringGateway:LocalPeeringGateway", "x"),
    "a firewall": lambda r: r.add("oci:NetworkFirewall/networkFirewall:NetworkFirewall", "x"),
    "routes of an attachment": put("DrgAttachment", "drg-us-ashburn-1", drgRouteTableId="ocid1.drgroutetable"),
    "routes of an attached VCN": lambda r: r.inputs("DrgAttachment", "drg-us-ashburn-1")["networkDetails"].update(
        routeTableId="ocid1.routetable"
    ),
    "an attachment that is not known": put("DrgAttachment", "drg-us-ashburn-1", networkDetails=UNKNOWN),
    "routes of a gateway": put("ServiceGateway", "services-us-ashburn-1", routeTableId="ocid1.routetable"),
    "routes that are not known": put("RouteTable", DATA, routeRules=UNKNOWN),
    "a destination that is not known": lambda r: r.inputs("RouteTable", DATA)["routeRules"][1].update(
        destination=UNKNOWN
    ),
    "a destination that is none": lambda r: r.inputs("RouteTable", DATA)["routeRules"][1].update(destination="x"),
    "a target that comes from nowhere": lambda r: (
        r.inputs("RouteTable", DATA)["routeRules"][1].update(networkEntityId=UNKNOWN),
        r.get("RouteTable", DATA)["propertyDependencies"].pop("routeRules"),
    ),
    "a target that comes from something else": lambda r: (
        r.inputs("RouteTable", DATA)["routeRules"][1].update(networkEntityId=UNKNOWN),
        r.get("RouteTable", DATA)["propertyDependencies"]["routeRules"].append(r.get("Vcn", "vcn-us-ashburn-1")["urn"]),
    ),
    "a table of another stack": put("Subnet", DATA, routeTableId="ocid1.routetable.oc1..other"),
    "a list of another stack": put("Subnet", DATA, securityListIds=["ocid1.securitylist.oc1..other"]),
    "a VCN of another stack": put("Subnet", DATA, vcnId="ocid1.vcn.oc1..other"),
    "a subnet without a range": lambda r: r.inputs("Subnet", DATA).pop("cidrBlock"),
    "addresses of IPv6": put("Subnet", DATA, ipv6cidrBlocks=["fd00::/64"]),
    "ranges that are brought along": put("Vcn", "vcn-us-ashburn-1", byoipv6cidrDetails=[{"x": 1}]),
    "ranges that are not known": put("Vcn", "vcn-us-ashburn-1", cidrBlocks=[UNKNOWN]),
    "a rule about source ports": lambda r: rule(r).update(tcpOptions={"sourcePortRange": {"min": 1, "max": 2}}),
    "ports that are not known": lambda r: rule(r).update(tcpOptions={"destinationPortRange": {"min": UNKNOWN}}),
    "options that are not known": lambda r: rule(r).update(tcpOptions=UNKNOWN),
    "a protocol that is none": lambda r: rule(r).update(protocol="tcp"),
    "a protocol that is not known": lambda r: rule(r).update(protocol=UNKNOWN),
    "a rule that may be stateless": lambda r: rule(r).update(stateless=UNKNOWN),
    "a rule without a direction": lambda r: rule(r).update(direction=UNKNOWN),
    "an end of another kind": lambda r: rule(r).update(destinationType="TAG"),
    "an end that is not known": lambda r: rule(r).update(destination=UNKNOWN),
    "rules of a list that are not known": put(
        "DefaultSecurityList", "default-list-us-ashburn-1", egressSecurityRules=UNKNOWN
    ),
    "a rule of nobody's group": lambda r: rule(r).update(networkSecurityGroupId="ocid1.nsg.oc1..other"),
}


@pytest.mark.parametrize("edit", GAPS.values(), ids=GAPS)
def test_what_is_not_modelled_is_a_gap(resources, edit):
    """A gap is what keeps a theorem from being proved."""
    edit(resources)
    assert resources.read().gaps


@pytest.mark.parametrize("name", ["prohibitPublicIpOnVnic", "prohibitInternetIngress"])
@pytest.mark.parametrize("value", [False, None, UNKNOWN])
def test_a_subnet_that_admits_public_addresses_is_exposed(resources, name, value):
    """A subnet that holds data has to refuse both, in so many words."""
    resources.inputs("Subnet", DATA)[name] = value
    assert [urn.rpartition("::")[2] for urn in resources.read().exposed] == [DATA]


@pytest.mark.parametrize("protocol", ["6", "17"])
def test_ports_of_lists_and_of_groups_mean_the_same(protocol):
    """Lists write ports beside the options, groups below them; numbers may be written as fractions."""
    from infra.verify.network.filters import of_group, of_list  # noqa: PLC0415 - for this test alone

    name = {"6": "tcpOptions", "17": "udpOptions"}[protocol]
    group = {"direction": "EGRESS", "destination": "10.0.0.0/8", "protocol": protocol}
    (listed,) = of_list(
        {"egressSecurityRules": [{"destination": "10.0.0.0/8", "protocol": protocol, name: {"min": 1.0, "max": 2.0}}]},
        "x",
    )
    assert listed == of_group(group | {name: {"destinationPortRange": {"min": 1, "max": 2}}}, "x", None)
    assert of_group(group, "x", None).ports == range(65536)


def test_both_deciders_agree_on_random_networks():
    """A sample of the campaign `make deciders`; about half of the networks have escapes, which all replay."""
    cases = [networks.instance(Random(f"test:{number}")) for number in range(200)]  # noqa: S311 - not for secrets
    assert [found for case in cases if (found := networks.disagreement(case))] == []
    assert 50 < sum(bool(reach.escapes(case)) for case in cases) < 150
