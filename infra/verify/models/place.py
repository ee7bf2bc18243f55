"""Where a resource is: its own `region` beats its explicit provider's, and without either it is nowhere.

Oracle's resources carry no region: their provider decides. AWS's carry one that overrides the provider's. What the
state has to say (the region in an OCID, the region's key in a physical name) must agree.
"""

import json
import re
from functools import lru_cache
from typing import Any, NamedTuple

from infra.residency.regions import REGIONS, Cloud, LegacyRegion, Region, UsRegion
from infra.verify.graph import SECRET, UNKNOWN, Graph, Node
from infra.verify.values import items

_BY_SPELLING = {spelling: row for row in REGIONS.values() for spelling in row.ocid_spellings if row.cloud is Cloud.OCI}
_OCID = re.compile(r"ocid1\.[a-z0-9-]+\.[a-z0-9]+\.([a-z0-9-]*)\.")
_NAMED_BY = {"oci:ObjectStorage/bucket:Bucket": "name", "aws:s3/bucket:Bucket": "bucket"}
_KEYS = {row.key: row for row in REGIONS.values()}


class Place(NamedTuple):
    """Where something is.

    Attributes:
        region: The region's name; empty where it is not known.
        path: The property that says so, `region` or `provider.region`.
    """

    region: str
    path: str

    @property
    def row(self) -> Region | None:
        """The region's row of the table; None for one that is not known."""
        return REGIONS.get(self.region)


def place_of(graph: Graph, node: Node) -> Place | None:
    """Where a resource is; None where neither it nor an explicit provider of its own cloud says so."""
    provider = graph.provider_of(node)
    if provider is None or provider.type != f"pulumi:providers:{node.type.partition(':')[0]}":
        return None
    own = node.inputs.get("region") if node.type.startswith("aws:") else None
    said = own if own is not None else provider.inputs.get("region")
    if not isinstance(said, str) or said in {UNKNOWN, SECRET, ""}:
        return None
    return Place(region=said, path="region" if own is not None else "provider.region")


def accounts_of(provider: Node) -> frozenset[str]:
    """The accounts that a provider may act in; empty where that is not known."""
    value: Any = provider.inputs.get("allowedAccountIds")
    if isinstance(value, str):
        return _accounts_in(value)
    return frozenset(map(str, value)) if isinstance(value, list) else frozenset()  # pyright: ignore[reportUnknownArgumentType]


@lru_cache(maxsize=256)
def _accounts_in(text: str) -> frozenset[str]:
    """The accounts in a list as an engine writes it; few providers are asked about every resource."""
    try:
        return frozenset(map(str, items(json.loads(text))))
    except ValueError:
        return frozenset()


def account_of(graph: Graph, node: Node) -> str:
    """The one account that a resource's provider may act in; empty where that is not known."""
    provider = graph.provider_of(node)
    accounts = accounts_of(provider) if provider is not None else frozenset[str]()
    return next(iter(accounts)) if len(accounts) == 1 else ""


def is_home(region: str) -> bool:
    """Whether US user data may live there."""
    return region in _HOMES


_HOMES = frozenset(region.value for region in UsRegion)
LEGACY = frozenset(region.value for region in LegacyRegion)
"""The regions that a legacy site can be in."""


def evidence(node: Node) -> dict[str, str]:
    """What the resource's own names say about its region: property -> region, as far as they name one."""
    found: dict[str, str] = {}
    if match := _OCID.match(node.id):
        row = _BY_SPELLING.get(match[1])
        if row is not None:
            found["id"] = row.name
    named_by = _NAMED_BY.get(node.type)
    name = node.inputs.get(named_by) if named_by else None
    if named_by and isinstance(name, str):
        row = next((_KEYS[part] for part in reversed(name.split("-")) if part in _KEYS), None)
        if row is not None:
            found[named_by] = row.name
    return found
