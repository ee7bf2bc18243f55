"""Single attempts against the guardrails in Oracle Cloud: the slow decider of what they keep from happening.

It shares no rule with the rest of this package. Somebody makes something of each family in each region, asks for it
there, makes what each policy of a zone is about in each compartment, makes something without a tag, or sends a packet
along a statement of packet routing; and one guard has to stop it. Texts are read by other means, values that they name
are tried, and one of nobody's. What somebody tries in AWS is in `controls`.
"""

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache
from ipaddress import IPv4Network
from itertools import product
from typing import Final

from infra.residency.regions import REGIONS, Realm
from infra.verify.declared import Declared
from infra.verify.graph import Graph, Node
from infra.verify.guardrails.gap import Rule
from infra.verify.oracle.requests import condition_holds
from infra.verify.search import Opinion, Search, seen
from infra.verify.values import items, record, records

_MADE: Final = (
    "analytics", "block-storage", "compute-core", "compute-memory", "container-engine", "database", "filesystem",
    "load-balancer", "object-storage", "streaming", "vcn",
)  # fmt: skip
"""Families of which a quota could let somebody make something."""
_ASKED: Final = (
    "autonomous-database-family", "cluster-family", "database-family", "file-family", "functions-family",
    "goldengate-family", "instance-family", "key-family", "load-balancers", "mysql-family", "nosql-family",
    "object-family", "stream-family", "virtual-network-family", "volume-family",
)  # fmt: skip
"""Families that a statement could let somebody manage."""
_CLASSES: Final = ("protected", "excepted", "public")
_TIERS: Final = 16
"""How many tiers share a region's range."""

_KEYS: Final = {row.name: row.key for row in REGIONS.values() if row.realm is Realm.OC1}
_DENY: Final = re.compile(
    r"deny\s+any-user\s+to\s+manage\s+(?P<resource>[\w-]+)\s+in\s+tenancy(?:\s+where\s+(?P<condition>.*))?",
    re.IGNORECASE | re.DOTALL,
)
_ONE: Final = r"[\w.-]+\s*(?:!=|=)\s*(?:'[\w.-]+'|[\w.-]+)"
_FLAT: Final = rf"(?:{_ONE}|(?:all|any)\s*{{\s*{_ONE}(?:\s*,\s*{_ONE})*\s*}})"
_NESTED: Final = rf"(?:all|any)\s*{{\s*{_FLAT}(?:\s*,\s*{_FLAT})*\s*}}"
_CONDITION: Final = re.compile(rf"|\s*(?:{_FLAT}|{_NESTED})\s*", re.IGNORECASE)
_COMPARED: Final = re.compile(r"(?P<variable>[\w.-]+)\s*!?=\s*'?(?P<value>[\w.-]+)")


def passing(graph: Graph, declared: Declared) -> Iterator[Opinion]:
    """Everything that can be tried in the tenancy and is not stopped."""
    tenancy, asked = _Tenancy(graph, declared), record(declared.deployment.get("guardrails"))
    yield from tenancy.making()
    yield from tenancy.managing() if asked.get("denyStatements") is True else ()
    yield from tenancy.unwatched() if asked else ()
    yield from tenancy.inside_zones() if asked else ()
    yield from tenancy.untagged()
    yield from tenancy.connecting() if asked.get("packetRouting") == "enforced" else ()


class _Tenancy(Search):
    """A tenancy in which somebody tries."""

    def __init__(self, graph: Graph, declared: Declared) -> None:
        super().__init__(graph, "oci")
        self.declared = declared
        self.homes = [region.value for region in declared.regions]
        self.asked = record(declared.deployment.get("guardrails"))

    def within(self, node: Node, property_: str = "compartmentId") -> str:
        """The name of the compartment of this stack that a resource is in, or names; empty where there is none."""
        found = self.meant(node, property_, node.inputs.get(property_), "Compartment")
        return str(found[0].inputs.get("name")) if len(found) == 1 else ""

    def making(self) -> Iterator[Opinion]:
        """Something of a family is made in a region: nowhere but at home, by each quota there is."""
        kept = set[str]()
        for quota in self.of("Quota"):
            said = [str(text).lower().replace("=", " = ").split() for text in items(quota.inputs.get("statements"))]
            families = {words[1] for words in said if _is_quota(words)}
            whole = quota.inputs.get("compartmentId") == self.declared.tenancy and all(map(_is_quota, said))
            if not whole or len(families) != 1:
                yield seen(quota.urn, Rule.QUOTA)
                continue
            named = {words[-1] for words in said if "where" in words}
            wrong = [it for it in {*_KEYS, *named} if _is_let(said, it) is not (it in self.homes)]
            yield from (seen(quota.urn, Rule.QUOTA, *families, it) for it in wrong)
            kept |= set() if wrong else families
        yield from (seen("", Rule.QUOTA, it) for it in _MADE if it not in kept)

    def managing(self) -> Iterator[Opinion]:
        """Somebody asks for something of a family in a region abroad, whatever else is said of the request."""
        homes = {_KEYS[it] for it in self.homes}
        whole = [it.inputs for it in self.of("Policy") if it.inputs.get("compartmentId") == self.declared.tenancy]
        texts = [str(text) for inputs in whole for text in items(inputs.get("statements"))]
        denials = [found for text in texts if (found := _DENY.fullmatch(text.strip()))]
        for family in _ASKED:
            said = [it["condition"] or "" for it in denials if it["resource"].lower() == family]
            if not set(_KEYS.values()) - homes <= set[str]().union(*map(_denied_in, said)):
                yield seen("", Rule.DENIAL, family)

    def unwatched(self) -> Iterator[Opinion]:
        """Something is done in the tenancy, and Cloud Guard does not say so, or not at home, or not of everything."""
        switches, targets = self.of("CloudGuardConfiguration"), self.of("Target")
        told = {"status": "ENABLED", "compartmentId": self.declared.tenancy, "reportingRegion": self.declared.home}
        for switch in switches:
            if any(switch.inputs.get(name) != value for name, value in told.items()):
                yield seen(switch.urn, Rule.REPORTING)
        if not switches:
            yield seen("", Rule.REPORTING)
        recipes, seeing = sorted(record(self.asked.get("detectorRecipes")).values()), 0
        for target in targets:
            used = {str(it.get("detectorRecipeId")) for it in records(target.inputs.get("targetDetectorRecipes"))}
            around = self.within(target, "targetResourceId") == self.declared.organization
            if around and target.inputs.get("targetResourceType") == "COMPARTMENT" and sorted(used) == recipes:
                seeing += 1
            else:
                yield seen(target.urn, Rule.TARGET)
        if not seeing:
            yield seen("", Rule.TARGET)

    def inside_zones(self) -> Iterator[Opinion]:
        """What a policy of a zone is about is made in a compartment: the edge is no zone, public data may be public."""
        own = [it for it in self.of("Compartment") if self.within(it) == self.declared.organization]
        zones = [(it, self.within(it)) for it in self.of("SecurityZone")]
        for name in {str(it.inputs.get("name")) for it in own} - {"edge"}:
            there = [zone for zone, on in zones if on == name]
            if not there:
                yield seen("", Rule.ZONE, name)
            for zone, (policy, ocid) in product(there, record(self.asked.get("securityPolicies")).items()):
                named = zone.inputs.get("securityZoneRecipeId")
                recipes = self.meant(zone, "securityZoneRecipeId", named, "SecurityRecipe")
                denies = len(recipes) == 1 and ocid in items(recipes[0].inputs.get("securityPolicies"))
                if not denies and not (policy == "public_buckets" and name == "public"):
                    yield seen(zone.urn, Rule.ZONE, name, policy)

    def untagged(self) -> Iterator[Opinion]:
        """A holder does not say what it is, or says another thing; or could be made without."""
        said = f"{self.declared.organization}.{{}}"
        for node in (it for kind in ("Bucket", "Vault", "Key") for it in self.of(kind)):
            tags, place = record(node.inputs.get("definedTags")), self.within(node)
            wanted: dict[str, object] = {"data-class": place} if place in _CLASSES else {}
            for name in ("owner", "phase"):
                wanted[name] = tags.get(said.format(name)) or f"some {name}"
            for name, value in wanted.items():
                if tags.get(said.format(name)) != value:
                    yield seen(node.urn, Rule.TAG, place if name == "data-class" else name)
        defaults = [it for it in self.of("TagDefault") if it.inputs.get("isRequired") is True]
        required = {(self.within(it), name) for it in defaults for name in self._tag(it)}
        for place in (*_CLASSES, "keys"):
            for name in ("owner", "phase", "data-class")[: 3 if place in _CLASSES else 2]:
                if (place, name) not in required:
                    yield seen("", Rule.TAG, place, name)

    def _tag(self, default: Node) -> list[str]:
        tags = self.meant(default, "tagDefinitionId", default.inputs.get("tagDefinitionId"), "Tag")
        return [str(it.inputs.get("name")) for it in tags] if len(tags) == 1 else []

    def connecting(self) -> Iterator[Opinion]:
        """Something sends a packet: nothing is bound, or a statement lets pass what belongs to no tier."""
        if all(it.inputs.get("zprStatus") != "ENABLED" for it in self.of("Configuration") if "Zpr" in it.type):
            yield seen("", Rule.ROUTING)
        for region in self.homes:
            there = [it for it in self.of("Vcn") if self.region(it) == region]
            if not any(self._is_bound(it, "network", _KEYS[region]) for it in there):
                yield seen("", Rule.ROUTING, region)
        for end in self.of("PrivateEndpoint"):
            if not self._is_bound(end, "tier", "endpoint"):
                yield seen(end.urn, Rule.ROUTING)
        yield from self._unbound()
        spoken = set[str]()
        for policy in self.of("ZprPolicy"):
            texts = [" ".join(str(it).split()) for it in items(policy.inputs.get("statements"))]
            networks = {text: self._network(text) for text in texts}
            spoken.update(networks.values())
            if not 1 <= len(texts) <= 25 or not all(networks.values()):  # noqa: PLR2004 (what the service takes)
                yield seen(policy.urn, Rule.ROUTING)
        for region in self.homes:
            if _KEYS[region] not in spoken:
                yield seen("", Rule.ROUTING, region)

    def _unbound(self) -> Iterator[Opinion]:
        """Somebody turns to packet routing elsewhere than at the root, or to an attribute that is out of use."""
        rooted = [*self.of("ZprPolicy"), *(it for it in self.of("Configuration") if "Zpr" in it.type)]
        away = [it for it in rooted if it.inputs.get("compartmentId") != self.declared.tenancy]
        named = [it for kind in ("SecurityAttribute", "SecurityAttributeNamespace") for it in self.of(kind)]
        for it in (*away, *(it for it in named if it.inputs.get("isRetired") is True)):
            yield seen(it.urn, Rule.ROUTING)

    def _is_bound(self, node: Node, name: str, value: str) -> bool:
        """Whether it carries an attribute that is enforced."""
        carried = record(node.inputs.get("securityAttributes"))
        both = [carried.get(f"{self.declared.organization}.{name}.{it}") for it in ("value", "mode")]
        return both == [value, "enforce"]

    def _network(self, text: str) -> str:
        """The key of the region in whose network a statement lets nothing pass but to a tier; else empty."""
        where, _, rest = text.partition(" VCN allow ")
        source, _, rest = rest.partition(" to connect to ")
        target, _, ports = rest.replace("protocol = '", "protocol='").partition(" with protocol='tcp/")
        networks = {f"in {self.declared.organization}.network:{_KEYS[it]}": _KEYS[it] for it in self.homes}
        first, last = self._end(source), self._end(target)
        may = {"data": {"1521-1522'"}, "endpoint": {"443'"}, "services": {"443'"}}
        fine = ports in may.get(last, {"443'", "1521-1522'"}) and first != "services"
        return networks.get(where, "") if fine and first and last and {first, last} & {"data", "endpoint"} else ""

    def _end(self, text: str) -> str:
        """What stands at an end: a tier, Oracle's services, a tier's worth of addresses; empty for anything else."""
        named = {f"{self.declared.organization}.tier:{it} endpoints": it for it in ("data", "endpoint")}
        named["'osn-services-ip-addresses'"] = "services"
        if text in named:
            return named[text]
        return "block" if text[:1] == text[-1:] == "'" and self._is_tier(text[1:-1]) else ""

    def _is_tier(self, text: str) -> bool:
        """Whether the first and the last address of a block are in the same tier of a region of this stack."""
        try:
            block = IPv4Network(text)
        except ValueError:
            return False
        return any(int(block[0]) in tier and int(block[-1]) in tier for tier in self._tiers)

    @cached_property
    def _tiers(self) -> list[range]:
        """The addresses of each tier, as numbers."""
        regions = record(record(self.declared.deployment.get("oci")).get("regions")).values()
        wholes = [IPv4Network(str(record(it).get("cidr"))) for it in regions]
        sized = [(int(it[0]), it.num_addresses // _TIERS) for it in wholes]
        return [range(first + at * size, first + (at + 1) * size) for first, size in sized for at in range(_TIERS)]


_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz-")
_EVERYWHERE: Final = 5
"""How many words a statement of a quota has that is about every region."""


def _is_quota(words: list[str]) -> bool:
    """Whether they are `zero` or `unset`, a family, and where: everywhere, or in one region."""
    where, region = words[5:8], "".join(words[8:])
    return (
        words[:1] in (["zero"], ["unset"])
        and bool("".join(words[1:2]))
        and set("".join(words[1:2])) <= _LETTERS
        and words[2:5] == ["quotas", "in", "tenancy"]
        and where in ([], ["where", "request.region", "="])
        and len(words) == _EVERYWHERE + (4 if where else 0)
        and bool(region) is bool(where)
        and set(region) <= {*_LETTERS, *"0123456789"}
    )


def _is_let(said: list[list[str]], region: str) -> bool:
    """Whether the last statement that is about a region lets things be made there; without one they may."""
    last = next((words for words in reversed(said) if len(words) == _EVERYWHERE or words[-1] == region), None)
    return last is None or last[0] == "unset"


@lru_cache(maxsize=1024)
def _denied_in(condition: str) -> frozenset[str]:
    """The keys of the regions in which a deny holds for a request, whatever else its condition asks for."""
    compared = [(it["variable"].lower(), it["value"]) for it in _COMPARED.finditer(condition)]
    if not _CONDITION.fullmatch(condition):
        return frozenset()
    others: dict[str, set[str]] = {}
    for variable, value in compared:
        if variable != "request.region":
            others.setdefault(variable, {"nobodys"}).add(value)
    requests = [dict(zip(others, it, strict=True)) for it in product(*others.values())]
    return frozenset(
        key
        for key in _KEYS.values()
        if all(condition_holds(condition, {**request, "request.region": key}) for request in requests)
    )
