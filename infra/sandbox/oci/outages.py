"""Regions of Oracle Cloud that cannot be reached: said by hand, felt by every call to one.

What lies there stays as it was and is there again afterwards. Identity, quotas and DNS are called in the home region;
while that is lost nothing of them can be changed.
"""

import json
from pathlib import Path

from infra.sandbox.errors import Unreachable
from infra.sandbox.oci.regions import COMMERCIAL
from infra.sandbox.store import Clouds, Store

_FACT = "oci regions lost"


class NoSuchRegionError(ValueError):
    """There is no such region; the text names those that there are."""


def set_outage(database: Path, region: str, *, lost: bool) -> None:
    """Lose a region, or have it back.

    Raises:
        NoSuchRegionError: there is none of that name.
    """
    if region not in COMMERCIAL:
        raise NoSuchRegionError(f"{region}: no region of realm OC1; there are: {', '.join(COMMERCIAL)}")
    store = Store(database)
    try:
        with store.changing() as clouds:
            others = lost_regions(clouds) - {region}
            left = others | {region} if lost else others
            clouds.set_fact(_FACT, json.dumps(sorted(left)))
    finally:
        store.close()


def lost_regions(clouds: Clouds) -> frozenset[str]:
    """The regions that cannot be reached."""
    return frozenset(json.loads(clouds.fact(_FACT) or "[]"))


def refuse_lost(clouds: Clouds, region: str, service: str) -> None:
    """What a call to a lost region ends with.

    Raises:
        Unreachable: the region is lost.
    """
    if region in lost_regions(clouds):
        host = f"{service}.{region}.oraclecloud.com"
        raise Unreachable(f'Error: Post "https://{host}/": dial tcp {host}:443: i/o timeout')
