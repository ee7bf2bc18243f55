"""Where client subnets are, for DNS: a small table of networks that belong to nobody.

The networks are cut from 198.18.0.0/15, which RFC 2544 keeps for benchmarks: the table claims nothing about real
networks, and a query with such a client subnet can come from a test only. Any other address is nowhere: no place, no
network number, as with addresses that Oracle's own table does not know.

Keys: Oracle's page "Traffic Management Geographic Locations" (they are GeoNames numbers).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address
from typing import Final

from infra.sandbox.dns.conditions import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Somewhere that clients are.

    Attributes:
        network: client subnets that are there.
        geo_keys: keys of everything that contains it.
        asn: number of the network that it is in.
    """

    name: str
    network: IPv4Network
    geo_keys: frozenset[str]
    asn: int


_NORTH_AMERICA, _EUROPE, _ASIA, _OCEANIA = "6255149", "6255148", "6255147", "6255151"
_UNITED_STATES = "6252001"

_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "Texas": ("4736286", _UNITED_STATES, _NORTH_AMERICA),
    "Virginia": ("6254928", _UNITED_STATES, _NORTH_AMERICA),
    "California": ("5332921", _UNITED_STATES, _NORTH_AMERICA),
    "Alaska": ("5879092", _UNITED_STATES, _NORTH_AMERICA),
    "Hawaii": ("5855797", _UNITED_STATES, _NORTH_AMERICA),
    "District of Columbia": ("4138106", _UNITED_STATES, _NORTH_AMERICA),
    "Puerto Rico": ("4566966", _NORTH_AMERICA),
    "US Virgin Islands": ("4796775", _NORTH_AMERICA),
    "Guam": ("4043988", _OCEANIA),
    "American Samoa": ("5880801", _OCEANIA),
    "Northern Mariana Islands": ("4041468", _OCEANIA),
    "US Minor Outlying Islands": ("5854968", _OCEANIA),
    "Canada": ("6251999", _NORTH_AMERICA),
    "Mexico": ("3996063", _NORTH_AMERICA),
    "China": ("1814991", _ASIA),
    "Singapore": ("1880251", _ASIA),
    "Germany": ("2921044", _EUROPE),
    "Ireland": ("2963597", _EUROPE),
}

_FIRST = int(IPv4Address("198.18.0.0"))
_FIRST_ASN = 64496  # numbers for documentation, RFC 5398

PLACES: Final = tuple(
    Place(
        name=name,
        network=IPv4Network((_FIRST + (index + 1) * 256, 24)),
        geo_keys=frozenset(keys),
        asn=_FIRST_ASN + index % 16,
    )
    for index, (name, keys) in enumerate(_KEYS.items())
)
"""Every place of the table, one /24 each from 198.18.1.0 on."""

_BY_NETWORK: Final = {place.network: place for place in PLACES}


def locate(address: IPv4Address | IPv6Address) -> Client:
    """The client at an address, with its place where the table knows it."""
    place = _BY_NETWORK.get(IPv4Network((int(address) & 0xFFFFFF00, 24))) if isinstance(address, IPv4Address) else None
    if place is None:
        return Client(address=address)
    return Client(address=address, geo_keys=place.geo_keys, asn=place.asn)
