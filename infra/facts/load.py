"""Reads the fact files, each once and only when first asked for, and one type at a time."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, cast

from infra.facts.model import Autoname, Checker, Kind, Origin, PropertyFacts, TypeFacts

_Json = dict[str, Any]

_FOLDER = Path(__file__).parent
_TUPLES = {
    "conflictsWith": "conflicts_with",
    "exactlyOneOf": "exactly_one_of",
    "atLeastOneOf": "at_least_one_of",
    "requiredWith": "required_with",
    "oneOf": "one_of",
}
_PLAIN = {
    "required": "required",
    "optional": "optional",
    "computed": "computed",
    "forceNew": "force_new",
    "default": "default",
    "suppress": "suppress",
    "oneOfIgnoreCase": "one_of_ignore_case",
    "min": "minimum",
    "max": "maximum",
    "minLength": "min_length",
    "maxLength": "max_length",
    "minItems": "min_items",
    "maxItems": "max_items",
    "pattern": "pattern",
    "notPattern": "not_pattern",
    "keysPattern": "keys_pattern",
    "format": "format",
    "sensitive": "sensitive",
    "writeOnly": "write_only",
    "deprecated": "deprecated",
    "autonamed": "autonamed",
}


@cache
def _provider_properties() -> dict[str, _Json]:
    return json.loads((_FOLDER / "provider_properties.json").read_bytes())


@cache
def _oci_all_types() -> dict[str, _Json]:
    return json.loads((_FOLDER / "oci_all_types.json").read_bytes())


def known_tokens() -> frozenset[str]:
    """Tokens of the types with full facts."""
    return frozenset(_provider_properties())


@cache
def type_facts(token: str) -> TypeFacts | None:
    """Full facts about a type, or None where the file has none (see `oci_flags` and `infra.facts.sdk`)."""
    raw = _provider_properties().get(token)
    if raw is None:
        return None
    autoname = raw["autoname"]
    return TypeFacts(
        token=token,
        origin=Origin.PROVIDER,
        terraform=raw["terraform"],
        inputs=_properties(raw["inputs"]),
        outputs_only=frozenset(raw["outputsOnly"]),
        secret_outputs=frozenset(raw.get("secretOutputs", ())),
        autoname=autoname
        and Autoname(
            property=autoname, max_length=raw.get("autonameMaxLength"), transform=raw.get("autonameTransform")
        ),
        delete_before_replace=raw.get("deleteBeforeReplace", False),
        no_update=raw.get("noUpdate", False),
        id_format=raw.get("idFormat"),
        notes=raw["notes"],
    )


def facts_of(token: str) -> TypeFacts | None:
    """Full facts, else what the installed SDK tells; None for a type that does not exist."""
    known = type_facts(token)
    if known is None:
        from infra.facts import sdk  # noqa: PLC0415 - introspection imports SDK modules: only for types without facts

        known = sdk.describe(token)
    return known


@cache
def oci_flags(token: str) -> dict[str, PropertyFacts] | None:
    """Top-level flags of an Oracle type, by input: required, force-new, computed, and `suppress` where a rule exists.

    Kinds and nested fields are absent (None). An input that the SDK has and the source snapshot did not has
    `force_new` None: it may replace. None when the type is in no snapshot.
    """
    raw = _oci_all_types().get(token)
    if raw is None:
        return None
    flags = {
        name: PropertyFacts(
            kind=None,
            required="r" in letters,
            optional="r" not in letters,
            computed="c" in letters,
            force_new="n" in letters,
            suppress="unnamed" if "s" in letters else None,
        )
        for name, letters in cast("dict[str, str]", raw["inputs"]).items()
    }
    unmatched = {name: PropertyFacts(kind=None, optional=True, force_new=None) for name in raw.get("unmatched", ())}
    return flags | unmatched


def _properties(raw: dict[str, _Json]) -> dict[str, PropertyFacts]:
    return {name: _property(facts) for name, facts in raw.items()}


def _property(raw: _Json) -> PropertyFacts:
    """One property; a key this reader does not know is an error, so that new facts are not dropped silently."""
    return PropertyFacts(**dict(_READERS[key](value) for key, value in ({"type": None} | raw).items()))


_READERS: dict[str, Callable[[Any], tuple[str, Any]]] = {
    **{key: (lambda value, field=field: (field, value)) for key, field in _PLAIN.items()},
    **{key: (lambda value, field=field: (field, tuple(value))) for key, field in _TUPLES.items()},
    "type": lambda value: ("kind", value and Kind(value)),
    "oneOfBy": lambda value: ("one_of_by", Checker(value)),
    "patternFrom": lambda _docs: ("pattern_by", Checker.SERVICE),  # a documented pattern is the API's to enforce
    "oneOfFrom": lambda _docs: ("one_of_by", Checker.SERVICE),
    "items": lambda value: ("items", _property(value)),
    "properties": lambda value: ("properties", _properties(value)),
    "anyOf": lambda value: ("any_of", tuple(map(_property, value))),
    "source": lambda _docs: ("guessed", True),
}
