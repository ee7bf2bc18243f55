"""Networks read from resources: what they are, and what of them cannot be read.

The world is closed: a type, a property or a value that could change where packets go and is not modelled is a gap, and
so is a value that is unknown and cannot be attributed. Where an unknown one may stand for several resources, it stands
for all of them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Network, ip_network
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from infra.residency.regions import UsRegion
from infra.verify.graph import UNKNOWN, Graph, Node
from infra.verify.network.filters import UnreadableError, of_group, of_list, range_of, unmanaged_list
from infra.verify.network.model import Exit, Gateway, Networks, Range, Role, Route, Router, Rule, Subnet, Vcn

VCN, SUBNET = "oci:Core/vcn:Vcn", "oci:Core/subnet:Subnet"
TABLE, DEFAULT_TABLE = "oci:Core/routeTable:RouteTable", "oci:Core/defaultRouteTable:DefaultRouteTable"
LIST, DEFAULT_LIST = "oci:Core/securityList:SecurityList", "oci:Core/defaultSecurityList:DefaultSecurityList"
GROUP = "oci:Core/networkSecurityGroup:NetworkSecurityGroup"
GROUP_RULE = "oci:Core/networkSecurityGroupSecurityRule:NetworkSecurityGroupSecurityRule"
ROUTER, ATTACHMENT = "oci:Core/drg:Drg", "oci:Core/drgAttachment:DrgAttachment"
PEERING = "oci:Core/remotePeeringConnection:RemotePeeringConnection"
EXITS: Mapping[str, Exit] = MappingProxyType(
    {
        "oci:Core/serviceGateway:ServiceGateway": Exit.SERVICES,
        "oci:Core/internetGateway:InternetGateway": Exit.INTERNET,
        "oci:Core/natGateway:NatGateway": Exit.NAT,
    }
)
MODELLED = frozenset(
    {VCN, SUBNET, TABLE, DEFAULT_TABLE, LIST, DEFAULT_LIST, GROUP, GROUP_RULE, ROUTER, ATTACHMENT, PEERING, *EXITS}
)
"""The types that are read here."""

_NO_PATH = frozenset(
    {"oci:Core/publicIp:PublicIp", "oci:Core/ipv6:Ipv6", "oci:Core/defaultDhcpOptions:DefaultDhcpOptions"}
)
"""Types beside them that carry no packet anywhere by themselves."""

_CARRIERS = ("oci:Core/", "oci:NetworkFirewall/", "oci:NetworkLoadBalancer/", "oci:Bastion/")
"""Beginnings of the types that may."""

_REROUTING: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        ATTACHMENT: ("drgRouteTableId", "exportDrgRouteDistributionId", "routeTableId"),
        ROUTER: ("defaultDrgRouteTables", "defaultExportDrgRouteDistributionId"),
        **dict.fromkeys(EXITS, ("routeTableId",)),
    }
)
"""Properties that change how packets go on behind a gateway; not modelled, so never to be set."""

FOREIGN = "a network that is not of this stack"
"""Stands for whatever is not among the resources."""

_Made = TypeVar("_Made")


class Layout(NamedTuple):
    """What the stack's configuration says about addresses: each region's range, and which regions have an edge."""

    ranges: Mapping[UsRegion, IPv4Network]
    edges: frozenset[UsRegion]

    def role(self, region: str, range_: IPv4Network) -> Role:
        """What a subnet is for: where there is an edge, the third sixteenth has its back ends, the fourth is public."""
        home = next((it for it in self.edges if it == region), None)
        if home is None:
            return Role.DATA
        sixteenths = list(self.ranges[home].subnets(prefixlen_diff=4))
        if range_.subnet_of(sixteenths[2]):
            return Role.APPLICATION
        return Role.PUBLIC if range_.subnet_of(sixteenths[3]) else Role.DATA


class Gap(NamedTuple):
    """Something that could change where packets go and cannot be read."""

    urn: str
    what: str


class Read(NamedTuple):
    """The networks, what of them cannot be read, and what is open though no packet may come of it yet.

    Attributes:
        exposed: the subnets that hold data and admit public addresses.
        wide: what is about public addresses, or leads to them, beside a subnet that holds data.
    """

    networks: Networks
    gaps: tuple[Gap, ...]
    exposed: tuple[str, ...]
    wide: tuple[Gap, ...]


def read(found: Graph, layout: Layout) -> Read:
    """The networks of some resources."""
    reader = _Reader(found, layout)
    networks = reader.networks()
    exposed = (
        urn
        for urn, subnet in networks.subnets.items()
        if subnet.role is Role.DATA and not _is_private(found.nodes[urn].inputs)
    )
    return Read(
        networks=networks,
        gaps=tuple(sorted(reader.gaps)),
        exposed=tuple(sorted(exposed)),
        wide=tuple(sorted({*_wide(networks), *reader.ways_out(networks)})),
    )


def _wide(networks: Networks) -> Iterator[Gap]:
    """Rules of subnets that hold data, and their routes to routers, about public addresses."""
    for subnet in (it for it in networks.subnets.values() if it.role is Role.DATA):
        for rule in subnet.rules:
            for end in rule.ends:
                if _is_public(end):
                    yield Gap(urn=rule.urn, what=f"a rule about {end} beside a subnet that holds data")
        for route in subnet.routes:
            if _is_public(route.destination) and any(it in networks.routers for it in route.targets):
                yield Gap(urn=route.table, what=f"a route to {route.destination} over a router, from what holds data")


def _is_public(range_: Range) -> bool:
    """Whether some of the addresses are public; those of services, which have a label, are not."""
    return not isinstance(range_, str) and not range_.is_private


def _is_private(inputs: Mapping[str, Any]) -> bool:
    return inputs.get("prohibitPublicIpOnVnic") is True and inputs.get("prohibitInternetIngress") is True


class _Reader:
    def __init__(self, found: Graph, layout: Layout) -> None:
        self._graph, self._layout = found, layout
        self._of: dict[str, list[Node]] = defaultdict(list)
        self._by_id: dict[str, Node] = {}
        self.gaps: set[Gap] = set()
        for type_ in found.types:
            if type_ in MODELLED:
                self._of[type_] = found.of(type_)
                self._by_id |= {node.id: node for node in self._of[type_]}
            elif type_.startswith(_CARRIERS) and type_ not in _NO_PATH:
                what = f"{type_} may carry packets, and is not modelled"
                self.gaps |= {Gap(urn=node.urn, what=what) for node in found.of(type_)}

    def networks(self) -> Networks:
        """All that can be read."""
        for type_ in _REROUTING:
            self._each(type_, _refuse_rerouting)
        self._vcns = self._each(VCN, self._vcn)
        gateways = {FOREIGN: Gateway(urn=FOREIGN, exit=Exit.ELSEWHERE)}
        for type_ in EXITS:
            gateways |= self._each(type_, self._gateway)
        self._ends = {*gateways, *(node.urn for node in self._of[ROUTER])}
        self._tables = self._each(TABLE, self._routes)
        self._tables |= self._each(DEFAULT_TABLE, self._routes)
        self._lists = self._each(LIST, _rules)
        self._lists |= self._each(DEFAULT_LIST, _rules)
        self._default_tables, self._default_lists = self._defaults(DEFAULT_TABLE), self._defaults(DEFAULT_LIST)
        self._groups: dict[str, list[Rule]] = defaultdict(list)
        for vcn, rule in self._each(GROUP_RULE, self._group_rule).values():
            self._groups[vcn].append(rule)
        return Networks(
            vcns=self._vcns, subnets=self._each(SUBNET, self._subnet), gateways=gateways, routers=self._routers()
        )

    def _each(self, type_: str, make: Callable[[Node], _Made]) -> dict[str, _Made]:
        """What is made of each resource of a type, by URN; what cannot be read is a gap."""
        made: dict[str, _Made] = {}
        for node in self._of[type_]:
            try:
                made[node.urn] = make(node)
            except UnreadableError as error:
                self.gaps.add(Gap(urn=node.urn, what=str(error)))
            except (ValueError, TypeError, KeyError, AttributeError):
                self.gaps.add(Gap(urn=node.urn, what="a value that is not what it should be"))
        return made

    def _named(self, node: Node, name: str, *types: str, value: object) -> list[Node]:
        """The resources that a value names or may stand for; none where it names something foreign."""
        if value != UNKNOWN:
            known = self._by_id.get(str(value)) if value else None
            return [known] if known is not None and known.type in types else []
        sources = [self._graph.nodes.get(urn) for urn in sorted(node.sources.get(name, ()))]
        fitting = [source for source in sources if source is not None and source.type in types]
        if not fitting or len(fitting) < len(sources):
            raise UnreadableError(f"{name} is not known, and comes from something else than it should")
        return fitting

    def _one(self, node: Node, name: str, type_: str) -> str:
        named = self._named(node, name, type_, value=node.inputs.get(name))
        if len(named) != 1:
            raise UnreadableError(f"{name} names nothing of this stack")
        return named[0].urn

    def ways_out(self, networks: Networks) -> Iterator[Gap]:
        """Gateways to the internet of a network in which a subnet holds data."""
        holding = {subnet.vcn for subnet in networks.subnets.values() if subnet.role is Role.DATA}
        for type_ in (it for it, leads in EXITS.items() if leads is not Exit.SERVICES):
            for urn, vcn in self._each(type_, lambda node: self._one(node, "vcnId", VCN)).items():
                if vcn in holding:
                    yield Gap(urn=urn, what="a gateway to the internet beside a subnet that holds data")

    def _region(self, node: Node) -> str:
        region = self._graph.region(node)
        return region.value if region is not None and region in self._layout.ranges else ""

    def _vcn(self, node: Node) -> Vcn:
        given = node.inputs
        if given.get("byoipv6cidrDetails") or given.get("ipv6privateCidrBlocks"):
            raise UnreadableError("ranges of IPv6 that are brought along")
        texts = [*(given.get("cidrBlocks") or ()), *([given["cidrBlock"]] if given.get("cidrBlock") else ())]
        texts += node.outputs.get("ipv6cidrBlocks") or ()
        return Vcn(urn=node.urn, region=self._region(node), ranges=tuple(ip_network(text) for text in texts))

    def _gateway(self, node: Node) -> Gateway:
        self._one(node, "vcnId", VCN)
        region, services = self._region(node), node.inputs.get("services") or ()
        spellings = UsRegion(region).facts.ocid_spellings if region else frozenset[str]()
        own = all(str(item["serviceId"]).split(".")[3:4] in [[it] for it in spellings] for item in services)
        return Gateway(urn=node.urn, exit=EXITS[node.type], region=region if own else "")

    def _routes(self, node: Node) -> tuple[Route, ...]:
        rules = node.inputs.get("routeRules") or ()
        if rules == UNKNOWN:
            raise UnreadableError("routes that are not known")
        return tuple(self._route(node, at, rule) for at, rule in enumerate(rules))

    def _route(self, node: Node, at: int, rule: Mapping[str, Any]) -> Route:
        label = rule.get("destinationType") == "SERVICE_CIDR_BLOCK"
        named = self._named(node, "routeRules", ROUTER, *EXITS, value=rule.get("networkEntityId"))
        if not self._ends.issuperset(it.urn for it in named):
            raise UnreadableError("a route to a gateway that cannot be read")
        return Route(
            destination=range_of(rule.get("destination") or rule.get("cidrBlock"), label=label),
            targets=tuple(target.urn for target in named) or (FOREIGN,),
            table=node.urn,
            at=at,
        )

    def _defaults(self, type_: str) -> dict[str, str]:
        """By the URN of a VCN the URN of the resource that manages its default."""
        owners = self._each(type_, lambda node: self._owner(node, "manageDefaultResourceId"))
        return {vcn: urn for urn, vcn in owners.items()}

    def _owner(self, node: Node, name: str, value: object = None) -> str:
        """The VCN whose default a property names."""
        value = node.inputs.get(name) if value is None else value
        if value == UNKNOWN:
            (owner,) = self._named(node, name, VCN, value=value)
            return owner.urn
        for vcn in self._of[VCN]:
            if value in (vcn.outputs.get("defaultSecurityListId"), vcn.outputs.get("defaultRouteTableId")):
                return vcn.urn
        raise UnreadableError(f"{name} names no default of a VCN of this stack")

    def _group_rule(self, node: Node) -> tuple[str, Rule]:
        vcn = self._one(self._graph.nodes[self._one(node, "networkSecurityGroupId", GROUP)], "vcnId", VCN)
        side = "source" if node.inputs.get("direction") == "INGRESS" else "destination"
        if node.inputs.get(f"{side}Type") != "NETWORK_SECURITY_GROUP":
            return vcn, of_group(node.inputs, node.urn, None)
        other = self._one(self._graph.nodes[self._one(node, side, GROUP)], "vcnId", VCN)
        return vcn, of_group(node.inputs, node.urn, self._vcns[other].ranges)

    def _subnet(self, node: Node) -> Subnet:
        vcn = self._one(node, "vcnId", VCN)
        if node.provider != self._graph.nodes[vcn].provider:
            raise UnreadableError("another provider than its VCN's")
        range_ = ip_network(node.inputs["cidrBlock"])
        role = self._layout.role(self._vcns[vcn].region, IPv4Network(range_))
        given: Any = node.inputs.get("ipv6cidrBlocks") or node.inputs.get("ipv6cidrBlock")
        if given and role is not Role.PUBLIC:
            raise UnreadableError("addresses of IPv6, which nothing here has a use for")
        return Subnet(
            urn=node.urn,
            vcn=vcn,
            role=role,
            ranges=(range_,),
            routes=self._routed(node, vcn),
            rules=(*self._listed(node, vcn), *self._groups[vcn]),
        )

    def _routed(self, node: Node, vcn: str) -> tuple[Route, ...]:
        """The routes of a subnet's table; of the VCN's default where it names none, which Oracle makes empty."""
        value = node.inputs.get("routeTableId")
        if not value:
            return _known(self._tables, self._default_tables[vcn]) if vcn in self._default_tables else ()
        named = self._named(node, "routeTableId", TABLE, DEFAULT_TABLE, value=value)
        if not named:
            raise UnreadableError("routeTableId names nothing of this stack")
        return tuple(route for table in named for route in _known(self._tables, table.urn))

    def _listed(self, node: Node, vcn: str) -> tuple[Rule, ...]:
        """The rules of a subnet's lists; of the VCN's default where it names none."""
        values: Any = node.inputs.get("securityListIds")
        if not values:
            return self._default_list(vcn)
        found: list[Rule] = []
        for value in [values] if isinstance(values, str) else values:
            if value == UNKNOWN or value in self._by_id:
                named = self._named(node, "securityListIds", LIST, DEFAULT_LIST, VCN, value=value)
            else:
                named = [self._graph.nodes[self._owner(node, "securityListIds", value)]]
            for it in named:
                found += self._default_list(it.urn) if it.type == VCN else _known(self._lists, it.urn)
        return tuple(found)

    def _default_list(self, vcn: str) -> tuple[Rule, ...]:
        managed = self._default_lists.get(vcn)
        return unmanaged_list(vcn) if managed is None else _known(self._lists, managed)

    def _routers(self) -> dict[str, Router]:
        vcns: dict[str, set[str]] = defaultdict(set)
        exits: dict[str, set[str]] = defaultdict(set)
        peers: dict[str, set[str]] = defaultdict(set)
        for router, vcn in self._each(ATTACHMENT, self._attachment).values():
            if vcn == FOREIGN:
                exits[router].add(vcn)
            elif vcn in self._vcns:  # one that cannot be read is a gap of its own
                vcns[router].add(vcn)
        ends = self._each(PEERING, lambda node: self._one(node, "drgId", ROUTER))
        asked = self._each(PEERING, self._peer)
        accepted = {urn for found in asked.values() for urn in found}
        for urn, router in ends.items():
            for peer in asked.get(urn, ()):
                if peer in ends:
                    peers[router].add(ends[peer])
                    peers[ends[peer]].add(router)
            if FOREIGN in asked.get(urn, ()) or (not asked.get(urn) and urn not in accepted):
                exits[router].add(FOREIGN)
        return {
            node.urn: Router(
                urn=node.urn,
                vcns=tuple(sorted(vcns[node.urn])),
                exits=tuple(sorted(exits[node.urn])),
                peers=tuple(sorted(peers[node.urn])),
            )
            for node in self._of[ROUTER]
        }

    def _attachment(self, node: Node) -> tuple[str, str]:
        """A router and the VCN that is attached to it; FOREIGN for anything else."""
        router, details = self._one(node, "drgId", ROUTER), _details(node)
        if details.get("routeTableId") or details.get("vcnRouteType") not in {None, "VCN_CIDRS"}:
            raise UnreadableError("an attachment with routes of its own")
        if node.inputs.get("vcnId"):
            named = self._named(node, "vcnId", VCN, value=node.inputs["vcnId"])
        elif details.get("type") == "VCN":
            named = self._named(node, "networkDetails", VCN, value=details.get("id"))
        else:
            named = []
        return router, named[0].urn if named else FOREIGN

    def _peer(self, node: Node) -> tuple[str, ...]:
        """The peering that one asks for; none where it waits to be asked, FOREIGN where it is not of this stack."""
        if node.inputs.get("peerTenancyId") or node.inputs.get("peerRegionName") not in (None, *self._layout.ranges):
            return (FOREIGN,)
        value = node.inputs.get("peerId")
        return tuple(it.urn for it in self._named(node, "peerId", PEERING, value=value)) or (FOREIGN,) if value else ()


def _rules(node: Node) -> tuple[Rule, ...]:
    return of_list(node.inputs, node.urn)


def _details(attachment: Node) -> Mapping[str, Any]:
    details: Any = attachment.inputs.get("networkDetails") or {}
    if details == UNKNOWN:
        raise UnreadableError("an attachment to something that is not known")
    return details


def _refuse_rerouting(node: Node) -> None:
    for name in _REROUTING[node.type]:
        if node.inputs.get(name):
            raise UnreadableError(f"{name} changes how packets are routed, and is not modelled")


def _known(made: Mapping[str, tuple[_Made, ...]], urn: str) -> tuple[_Made, ...]:
    if urn not in made:
        raise UnreadableError("what it names cannot be read")
    return made[urn]
