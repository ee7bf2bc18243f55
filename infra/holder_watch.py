"""Watches which holders the program makes, and refuses one that is not made as planned before an engine hears of it.

The plan says what may not go; only the program says what an engine will hear. A logical name, a parent, an alias or an
option that was edited in a component would make an engine delete or replace a holder although the plan is as it was.
So every resource is looked at as it is constructed, before the SDK registers it, in a preview and in an update, with
the ordinary `pulumi` and with the embedded engine.

A refusal ends the program. An engine deletes what a program does not have any more only after a program that ended
well, and replaces a resource only when it is registered: so after a refusal no holder has been touched, whatever other
resources, as planned, were registered before.

What it refuses: a holder that is not made exactly as planned, one that is not planned, one that is planned and not
made, and every option by which an engine could replace, adopt, rename or forget one. It changes nothing (a
transformation that returns none).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NoReturn, cast

import pulumi
import pulumi.runtime

from infra.residency.findings import join
from infra.residency.holders import TYPES, Holder, holders
from infra.residency.placement import Plan

_PROVIDER = "pulumi:providers:"

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
    """What the running program has made of a plan's holders so far."""

    def __init__(self, plan: Plan) -> None:
        self._planned = {holder.key: holder for holder in holders(plan)}
        self._given_up = {join("legacy.sites", it.site.name) for it in plan.sites if not it.site.phase.keeps_holders}
        self._missing = set(self._planned)
        self._chains: dict[pulumi.Resource, str] = {}
        self._regions: dict[pulumi.Resource, object] = {}

    def begin(self) -> None:
        """Looks at everything that is constructed from now on.

        A constructor of a holder that is not as planned raises `pulumi.RunError`.
        """
        pulumi.runtime.register_stack_transformation(self._look)

    def end(self) -> None:
        """Says that the program has made everything.

        Raises:
            pulumi.RunError: a holder is planned and was not made.
        """
        if self._missing:
            _refuse(f"{key} is planned and not made: it would be deleted" for key in sorted(self._missing))

    def _look(self, args: pulumi.ResourceTransformationArgs) -> None:
        parent = args.opts.parent
        above = self._chains.get(parent, "") if parent is not None else ""
        chain = f"{above}${args.type_}" if above else args.type_
        self._chains[args.resource] = chain
        props = cast("Mapping[str, object]", args.props)
        if args.type_.startswith(_PROVIDER):
            self._regions[args.resource] = props.get("region")
        if args.type_ in TYPES:
            key = f"{chain}::{args.name}"
            if problems := list(self._problems(key, args, props)):
                _refuse(f"{key} {problem}" for problem in problems)
            self._missing.discard(key)

    def _problems(
        self, key: str, args: pulumi.ResourceTransformationArgs, props: Mapping[str, object]
    ) -> Iterator[str]:
        kind, opts, holder = TYPES[args.type_], args.opts, self._planned.get(key)
        if holder is None:
            yield "holds data and is not planned"
            return
        provider = opts.provider
        found = {
            "name": args.name if kind.named_by is None else props.get(_snake(kind.named_by)),
            "place": props.get("region") or (self._regions.get(provider) if provider is not None else None),
            **dict.fromkeys(kind.fixed),
            **dict(kind.identity(lambda path: _at(props, path))),
        }
        yield from _differences(holder, found)
        kept = holder.of not in self._given_up
        if (opts.protect, opts.retain_on_delete) != (kept, kept):
            yield f"is {'not ' if kept else ''}protected and retained, against the plan"
        yield from (f"has the option {name}" for name in _REFUSED_OPTIONS if _given(opts, name, kind.told_once))
        yield from (f"has the alias {alias}" for alias in opts.aliases or () if not _former_type(alias))


def _refuse(problems: Iterable[str]) -> NoReturn:
    lines = "\n".join(f"  {problem}" for problem in problems)
    raise pulumi.RunError(
        f"usdata: what holds data would not be registered as planned.\n\n{lines}\n\n"
        "  fix    give each holder its planned name, parent and options; no alias, no other option"
    )


def _differences(holder: Holder, found: Mapping[str, object]) -> Iterator[str]:
    wanted = {"name": holder.name, "place": holder.place, **dict(holder.fixed)}
    for name, value in found.items():
        if value != wanted.get(name):
            yield f"has {name} {value!r}, planned is {wanted.get(name)!r}: it would be replaced"


def _given(opts: pulumi.ResourceOptions, name: str, told_once: tuple[str, ...]) -> bool:
    value: Any = getattr(opts, name, None)
    if name == "ignore_changes":
        value = [path for path in value or () if path not in told_once]
    return value is not None and value != [] and value is not False


def _at(props: object, path: str) -> object:
    """What the program gives at a dotted path; None where it gives nothing. Arguments are maps or the SDK's classes."""
    found: Any = props
    for name in map(_snake, path.split(".")):
        inner = cast("Mapping[str, Any]", found) if isinstance(found, Mapping) else None
        found = getattr(cast("object", found), name, None) if inner is None else inner.get(name)
    return cast("object", found)


def _former_type(alias: object) -> bool:
    """Whether an alias is one of the SDK's own: the same resource under a former type, and nothing else changed."""
    if not isinstance(alias, pulumi.Alias):
        return False
    unset = {id(getattr(pulumi.Alias(), name)) for name in ("name", "parent", "stack", "project")}
    return {id(getattr(alias, name)) for name in ("name", "parent", "stack", "project")} <= unset


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
