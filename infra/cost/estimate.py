"""The estimate: every resource is priced by a rule, known to cost nothing, or named as not estimated."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, Final, cast

from infra.cost.rules import RULES, Holding, Resource, UnpricedError, World
from infra.cost.sizes import DEFAULTS, MEANINGS, Range, Size, Sizes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from infra.facts.prices import Price

_CENT: Final = Decimal("0.01")
_GROUPS: Final = ("pulumi:", "usdata:")
"""What is no cloud's resource: the stack, its providers and its components."""
ASSUMED: Final = (
    "a month has 31 days and 744 hours; list prices without tax, support or discount",
    "what a provider gives free each month is taken off the lower end only: other stacks may use it",
    "overwritten versions stay as long as the bucket's lifecycle says, at the higher end",
    "keys that rotate by themselves have a year's versions at the higher end",
    "what leaves Oracle Cloud is priced from North America; what enters AWS is free",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What is paid at one price.

    Attributes:
        name: the price's short name.
        resources: how many resources use it.
        quantity: so many of its units a month, before anything is free.
        cost: US dollars a month, to the cent.
    """

    name: str
    price: Price
    resources: int
    quantity: Range
    cost: Range


@dataclass(frozen=True, slots=True, kw_only=True)
class Unestimated:
    """Resources of one type that may cost something, nobody here knows how much."""

    type: str
    resources: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a stack costs.

    Attributes:
        uncharged: how many resources cost nothing themselves, by type.
        assumed: what it rests on, sizes first.
    """

    lines: tuple[Line, ...]
    unestimated: tuple[Unestimated, ...]
    uncharged: Mapping[str, int]
    assumed: tuple[str, ...]

    @property
    def total(self) -> Range:
        """US dollars a month, of all that is estimated."""
        return sum((line.cost for line in self.lines), Range.of(0))

    def document(self) -> dict[str, Any]:
        """The same for machines; amounts are texts, so that nothing rounds them."""
        return {
            "currency": "USD",
            "period": "month",
            "total": _pair(self.total),
            "complete": not self.unestimated,
            "lines": [
                {
                    "name": line.name,
                    "service": line.price.service,
                    "part": line.price.part,
                    "resources": line.resources,
                    "unit": line.price.unit,
                    "quantity": _pair(line.quantity),
                    "price": {"low": str(line.price.low), "high": str(line.price.high), "free": str(line.price.free)},
                    "cost": _pair(line.cost),
                    "page": line.price.page,
                    "date": line.price.date.isoformat(),
                }
                for line in self.lines
            ],
            "unestimated": [{"type": it.type, "resources": it.resources, "why": it.why} for it in self.unestimated],
            "uncharged": dict(self.uncharged),
            "assumed": list(self.assumed),
        }


def estimate(
    resources: Iterable[Resource],
    holdings: Mapping[str, Holding],
    sizes: Sizes,
    *,
    prices: Mapping[str, Price],
    free: Iterable[str],
) -> Estimate:
    """What the resources cost a month.

    Args:
        resources: all that there would be.
        holdings: what each bucket and each transfer task has to do with a dataset, by physical name.
        sizes: how much of everything there is.
        prices: by short name.
        free: the types that cost nothing themselves.
    """
    found, nothing = list(resources), frozenset(free)
    world = World(
        sizes=sizes,
        holdings=holdings,
        kept_days=dict(_kept_days(found)),
        sites={str(it.inputs.get("bucket")): it.region for it in found if it.type == "aws:s3/bucket:Bucket"},
        vaults={it.urn: str(it.inputs.get("vaultType")) for it in found if it.type == "oci:Kms/vault:Vault"},
    )
    used: dict[str, list[Range]] = defaultdict(list)
    unknown: Counter[tuple[str, str]] = Counter()
    uncharged: Counter[str] = Counter()
    for it in found:
        if it.type.startswith(_GROUPS):
            continue
        if it.type in nothing:
            uncharged[it.type] += 1
            continue
        try:
            uses = _uses(it, world, prices)
        except UnpricedError as error:
            unknown[it.type, str(error)] += 1
            continue
        uncharged[it.type] += not uses
        for name, quantity in uses:
            used[name].append(quantity)
    lines = [_line(name, prices[name], quantities) for name, quantities in used.items()]
    return Estimate(
        lines=tuple(sorted(lines, key=lambda line: (-line.cost.high, line.name))),
        unestimated=tuple(
            Unestimated(type=type_, resources=number, why=why) for (type_, why), number in sorted(unknown.items())
        ),
        uncharged={type_: number for type_, number in sorted(uncharged.items()) if number},
        assumed=(*_sizes_assumed(sizes), *ASSUMED),
    )


def _uses(it: Resource, world: World, prices: Mapping[str, Price]) -> list[tuple[str, Range]]:
    """What a resource uses, all of it priced.

    Raises:
        UnpricedError: Not all of it is: then none of it is estimated.
    """
    rule = RULES.get(it.type)
    if rule is None:
        raise UnpricedError("no price of this type is known here")
    try:
        uses = list(rule(it, world))
    except (ArithmeticError, KeyError, TypeError, ValueError) as error:
        raise UnpricedError("what it would be is not known yet") from error
    missing = [name for name, _ in uses if name not in prices]
    if missing:
        raise UnpricedError(f"no price {', '.join(missing)}")
    return uses


def _line(name: str, price: Price, quantities: list[Range]) -> Line:
    quantity = sum(quantities, Range.of(0))
    paid = Range(max(Decimal(0), quantity.low - price.free), quantity.high)
    cost = paid * Range(price.low, price.high)
    rounded = Range(*(it.quantize(_CENT, ROUND_HALF_UP) for it in (cost.low, cost.high)))
    return Line(name=name, price=price, resources=len(quantities), quantity=quantity, cost=rounded)


def _kept_days(resources: Iterable[Resource]) -> Iterator[tuple[str, Decimal]]:
    """By bucket, how long its lifecycle keeps overwritten versions."""
    for it in resources:
        rules = cast("list[Mapping[str, Any]]", it.inputs.get("rules") or [])
        if it.type == "oci:ObjectStorage/objectLifecyclePolicy:ObjectLifecyclePolicy":
            for rule in rules:
                if rule.get("target") == "previous-object-versions" and rule.get("timeUnit") == "DAYS":
                    yield str(it.inputs.get("bucket")), Decimal(str(rule["timeAmount"]))
        elif it.type == "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration":
            for rule in rules:
                if expiration := rule.get("noncurrentVersionExpiration"):
                    yield str(it.inputs.get("bucket")), Decimal(str(expiration["noncurrentDays"]))


def _sizes_assumed(sizes: Sizes) -> Iterator[str]:
    for size in Size:
        own = "" if (size, "") in sizes.given else ", since nobody said"
        yield f"{size} {sizes.of(size)}: {MEANINGS[size]}{own if sizes.of(size) == DEFAULTS[size] else ''}"
    for (size, dataset), value in sorted(sizes.given.items()):
        if dataset:
            yield f"{size}.{dataset} {value}"


def _pair(value: Range) -> dict[str, str]:
    return {"low": f"{value.low.normalize():f}", "high": f"{value.high.normalize():f}"}
