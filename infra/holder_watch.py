"""Watches which holders the program makes, and holds them against the plan before the first of them is registered.

The plan says what may not go; only the program says what an engine will hear. A logical name, a parent, an alias or an
option that was edited in a component would make an engine delete or replace a holder although the plan is as it was.
So every resource is looked at as it is constructed. The SDK sends nothing before the program has ended: what is refused
at its end was never asked for, in a preview and in an update, with the ordinary `pulumi` and the embedded engine.

What it refuses: a holder that is not registered exactly as planned, one that is not planned at all, and every option by
which an engine could replace, adopt, rename or forget one. It changes nothing (a transformation that returns none).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

import pulumi
import pulumi.runtime

from infra.residency.findings import join
from infra.residency.holders import TYPES, Holder, holders
from infra.residency.placement import Plan

_PROVIDER = "pulumi:providers:"
_STACK = "pulumi:pulumi:Stack"

_REFUSED_OPTIONS = (
    "delete_before_replace",
    "deleted_with",
    "id",
    "ignore_changes",
    "replace_on_changes",
    "replace_with",
    "replacement_trigger",
    "urn",
)


class HolderWatch:
    """What the running program has made of holders so far; a problem is one line of text."""

    def __init__(self) -> None:
        self._chains: dict[pulumi.Resource, str] = {}
        self._regions: dict[pulumi.Resource, object] = {}
        self._seen: dict[str, tuple[dict[str, object], bool]] = {}
        self._problems: list[str] = []

    def begin(self) -> None:
        """Looks at everything that is constructed from now on."""
        pulumi.runtime.register_stack_transformation(self._look)

    def _look(self, args: pulumi.ResourceTransformationArgs) -> None:
        parent = args.opts.parent
        above = self._chains.get(parent, "") if parent is not None else ""
        chain = f"{above}${args.type_}" if above else args.type_
        self._chains[args.resource] = chain
        props = cast("Mapping[str, object]", args.props)
        if args.type_.startswith(_PROVIDER):
            self._regions[args.resource] = props.get("region")
        if args.type_ in TYPES:
            self._note(f"{chain}::{args.name}", args, props)

    def _note(self, key: str, args: pulumi.ResourceTransformationArgs, props: Mapping[str, object]) -> None:
        kind, opts = TYPES[args.type_], args.opts
        provider = opts.provider
        found = {
            "name": args.name if kind.named_by is None else props.get(_snake(kind.named_by)),
            "place": props.get("region") or (self._regions.get(provider) if provider is not None else None),
            **{name: props.get(_snake(name)) for name in kind.fixed},
        }
        kept = bool(opts.protect) and bool(opts.retain_on_delete)
        given_up = opts.protect is False and opts.retain_on_delete is False
        if not kept and not given_up:
            self._problems.append(f"{key} is protected or retained, not both or neither")
        self._problems += [f"{key} has the option {name}" for name in _REFUSED_OPTIONS if _given(opts, name)]
        self._problems += [f"{key} has the alias {alias}" for alias in opts.aliases or () if not _former_type(alias)]
        self._seen[key] = (found, kept)

    def problems(self, plan: Plan) -> Iterator[str]:
        """What is not as planned, one line each; none is well."""
        yield from self._problems
        planned = {holder.key: holder for holder in holders(plan)}
        given_up = {join("legacy.sites", it.site.name) for it in plan.sites if not it.site.phase.keeps_holders}
        for key in sorted({*planned, *self._seen}):
            if key not in self._seen:
                yield f"{key} is planned and not made: it would be deleted"
            elif key not in planned:
                yield f"{key} holds data and is not planned"
            else:
                found, kept = self._seen[key]
                yield from _differences(planned[key], found)
                if kept == (planned[key].of in given_up):
                    yield f"{key} is {'' if kept else 'not '}protected and retained, against the plan"


def _differences(holder: Holder, found: Mapping[str, object]) -> Iterator[str]:
    wanted = {"name": holder.name, "place": holder.place, **dict(holder.fixed)}
    for name, value in wanted.items():
        if found[name] != value:
            yield f"{holder.key} has {name} {found[name]!r}, planned is {value!r}: it would be replaced"


def _given(opts: pulumi.ResourceOptions, name: str) -> bool:
    value: Any = getattr(opts, name, None)
    return value is not None and value != [] and value is not False


def _former_type(alias: object) -> bool:
    """Whether an alias is one of the SDK's own: the same resource under a former type, and nothing else changed."""
    if not isinstance(alias, pulumi.Alias):
        return False
    unset = {id(getattr(pulumi.Alias(), name)) for name in ("name", "parent", "stack", "project")}
    return {id(getattr(alias, name)) for name in ("name", "parent", "stack", "project")} <= unset


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
