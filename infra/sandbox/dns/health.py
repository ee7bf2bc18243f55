"""Which endpoints are down: said by hand, seen by the health monitors that watch them.

An endpoint is a public address. It is up until `python -m infra.sandbox health EDGE down` says otherwise; every
enabled monitor that has it as a target reports it down from then on. Nothing is probed: there is no data plane.
"""

import json
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path

from infra.sandbox.dns.tokens import LOAD_BALANCER, MONITOR, PING_MONITOR
from infra.sandbox.store import ACTIVE, Clouds, Store

_FACT = "endpoints down"


class UnknownEndpointError(Exception):
    """There is no such endpoint; the text names those that there are."""


def set_health(database: Path, endpoint: str, *, up: bool) -> tuple[str, ...]:
    """Fail or heal an endpoint.

    Args:
        database: file of the simulated clouds.
        endpoint: a load balancer's name, its region (all load balancers there), or one public address.
        up: whether it works from now on.

    Returns:
        The addresses that were changed or were so already.

    Raises:
        UnknownEndpointError: nothing is called so.
    """
    store = Store(database)
    try:
        with store.changing() as clouds:
            known = endpoints(clouds)
            addresses = sorted({address for address, names in known.items() if endpoint in {address, *names}})
            if not addresses:
                names = sorted({name for several in known.values() for name in several} | set(known))
                have = ", ".join(names) if names else "there are none yet (apply a stack with traffic first)"
                raise UnknownEndpointError(
                    f"{endpoint}: no load balancer, region or address is called so; there are: {have}"
                )
            down = _down(clouds) - set(addresses) if up else _down(clouds) | set(addresses)
            clouds.set_fact(_FACT, json.dumps(sorted(down)))
            return tuple(addresses)
    finally:
        store.close()


def endpoints(clouds: Clouds) -> Mapping[str, tuple[str, str]]:
    """Public addresses of all load balancers, each with the balancer's name and region."""
    found: dict[str, tuple[str, str]] = {}
    for record in clouds.all(cloud="oci", type=LOAD_BALANCER):
        if record.status == ACTIVE:
            for detail in record.outputs.get("ipAddressDetails", ()):
                if detail.get("isPublic"):
                    found[plain(detail["ipAddress"])] = (record.inputs["displayName"], record.region)
    return found


def down_targets(clouds: Clouds) -> Mapping[str, frozenset[str]]:
    """For each enabled monitor, which of its targets it reports down."""
    down = _down(clouds)
    return {
        record.id: frozenset(target for text in record.inputs.get("targets", ()) if (target := plain(text)) in down)
        for kind in (MONITOR, PING_MONITOR)
        for record in clouds.all(cloud="oci", type=kind)
        if record.status == ACTIVE and (record.inputs | record.outputs).get("isEnabled", True)
    }


def plain(text: str) -> str:
    """An address in its one usual spelling; any other text as it is."""
    try:
        return str(ip_address(text))
    except ValueError:
        return text


def _down(clouds: Clouds) -> set[str]:
    return set(json.loads(clouds.fact(_FACT) or "[]"))
