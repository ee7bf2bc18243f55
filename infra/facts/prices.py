"""List prices in US dollars, each with the page that lists it and a day on which it is known to have stood."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import cast

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one unit of something costs.

    Attributes:
        service: what is paid for, in the provider's words.
        part: the provider's own number or name of it.
        low: the least, in US dollars a unit; less than `high` where it falls with quantity or differs by region.
        free: so many units a month are free for a whole tenancy or account.
        page: the address of the price list.
        date: a day on which the price is known to have stood.
    """

    service: str
    part: str
    unit: str
    low: Decimal
    high: Decimal
    free: Decimal
    page: str
    date: date


@cache
def prices() -> Mapping[str, Price]:
    """All of them, by a short name: `oci.storage.standard`, `aws.s3.storage.us-east-1`."""
    raw = cast("dict[str, dict[str, str]]", json.loads((_FOLDER / "prices.json").read_bytes()))
    return {
        name: Price(
            service=row["service"],
            part=row["part"],
            unit=row["unit"],
            low=Decimal(row["low"]),
            high=Decimal(row["high"]),
            free=Decimal(row["free"]),
            page=row["page"],
            date=date.fromisoformat(row["date"]),
        )
        for name, row in raw.items()
    }


@cache
def uncharged() -> Mapping[str, str]:
    """Types of resources that cost nothing themselves, each with the page that says so or lists no price for them."""
    raw = cast("dict[str, list[str]]", json.loads((_FOLDER / "uncharged.json").read_bytes()))
    return {token: page for page, tokens in raw.items() for token in tokens}
