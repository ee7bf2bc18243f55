"""Random networks: few ranges that nest and touch, so that the most specific route, ports and gateways all matter."""

from ipaddress import IPv4Network, IPv6Network
from itertools import islice
from random import Random

from infra.verify.network import reach, walk
from infra.verify.network.model import (
    PORTS,
    Exit,
    Gateway,
    Networks,
    Role,
    Route,
    Router,
    Rule,
    Subnet,
    Vcn,
)

RANGES = tuple(
    map(
        IPv4Network,
        ("0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/24", "10.0.1.0/24", "10.1.0.0/16", "10.1.2.0/24"),
    )
)
BLOCKS = tuple(map(IPv4Network, ("10.0.0.0/16", "10.1.0.0/16", "10.0.0.0/17", "10.2.0.0/16")))
LABELS = ("all-iad-services-in-oracle-services-network", "all-phx-services-in-oracle-services-network")
REGIONS = ("us-ashburn-1", "us-phoenix-1", "")
V6 = (IPv6Network("fd00::/48"), IPv6Network("::/0"))


def instance(random: Random) -> Networks:
    """Up to three VCNs with up to two subnets each, two routers that may be peered, and every kind of gateway."""
    vcns = {
        f"vcn{at}": Vcn(
            urn=f"vcn{at}",
            region=random.choice(REGIONS),
            ranges=(random.choice(BLOCKS), *([V6[0]] if random.random() < 0.1 else [])),
        )
        for at in range(random.randint(1, 3))
    }
    gateways = {
        urn: Gateway(urn=urn, exit=way_out, region=random.choice(REGIONS))
        for urn, way_out in (("sgw", Exit.SERVICES), ("igw", Exit.INTERNET), ("nat", Exit.NAT), ("out", Exit.ELSEWHERE))
    }
    routers = {
        f"drg{at}": Router(
            urn=f"drg{at}",
            vcns=tuple(vcn for vcn in vcns if random.random() < 0.6),
            exits=("out",) if random.random() < 0.1 else (),
            peers=(f"drg{1 - at}",) if random.random() < 0.5 else (),
        )
        for at in range(2)
    }
    subnets = {
        f"{vcn}-{at}": _subnet(random, f"{vcn}-{at}", vcns[vcn], (*gateways, *routers))
        for vcn in vcns
        for at in range(random.randint(1, 2))
    }
    return Networks(vcns=vcns, subnets=subnets, gateways=gateways, routers=routers)


def _subnet(random: Random, urn: str, vcn: Vcn, targets: tuple[str, ...]) -> Subnet:
    block = vcn.ranges[0]
    part = random.choice([block, *islice(block.subnets(prefixlen_diff=8), 2)])
    return Subnet(
        urn=urn,
        vcn=vcn.urn,
        role=random.choice((Role.DATA, Role.DATA, Role.APPLICATION, Role.PUBLIC)),
        ranges=(part, *([IPv6Network("fd00::/64")] if len(vcn.ranges) > 1 and random.random() < 0.5 else [])),
        routes=tuple(
            Route(
                destination=random.choice((*RANGES, *LABELS, *V6)),
                targets=tuple(random.sample(targets, random.choice((1, 1, 1, 2)))),
            )
            for _ in range(random.randint(0, 3))
        ),
        rules=tuple(_rule(random, at) for at in range(random.randint(0, 4))),
    )


def _rule(random: Random, at: int) -> Rule:
    protocol = random.choice((None, 6, 6, 17, 1))
    first = random.choice((0, 22, 443, 1521))
    return Rule(
        urn=f"rule{at}",
        ingress=random.random() < 0.5,
        ends=tuple(random.choice((*RANGES, *LABELS, *V6)) for _ in range(random.choice((1, 1, 2)))),
        protocol=protocol,
        ports=range(first, first + random.choice((1, 2, 100))) if protocol in {6, 17} else range(PORTS),
        stateful=random.random() < 0.8,
    )


def disagreement(networks: Networks) -> str:
    """Where the two deciders differ, or a counterexample does not replay; empty where all is well."""
    fast, slow = reach.escapes(networks), walk.escapes(networks)
    if {(it.source, it.target) for it in fast} != slow:
        return f"reach says {[(it.source, it.target) for it in fast]}, walk says {sorted(slow)}"
    lost = [it for it in fast if it.target not in walk.ends(networks, it.packet)]
    return f"do not replay: {lost}" if lost else ""
