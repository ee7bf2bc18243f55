"""What a provider fills into inputs when it checks them: generated names and defaults."""

import hashlib
from collections.abc import Mapping
from typing import Any

from infra.facts.compare import is_array, is_object
from infra.facts.model import Kind, PropertyFacts, TypeFacts

_Json = dict[str, Any]

_DEFAULTS = "__defaults"


def fill(known: TypeFacts, news: Mapping[str, Any], olds: Mapping[str, Any], *, name: str, seed: bytes) -> _Json:
    """The inputs with a generated name and defaults; `__defaults` at every level lists what was filled in.

    Args:
        known: facts of the type.
        news: inputs from the program.
        olds: checked inputs of the last deployment; a name generated then is kept.
        name: logical name of the resource.
        seed: randomness that the engine hands out; the same seed gives the same name.

    Values that are no plain lists or maps, such as secrets and unknown ones, are passed through as they are.
    """
    inputs = _with_defaults(known.inputs, news)
    autoname = known.autoname
    if autoname is None or autoname.property in news or _conflicts(known.inputs[autoname.property], news):
        return inputs
    old = olds.get(autoname.property)
    kept = isinstance(old, str) and autoname.property in (olds.get(_DEFAULTS) or ())
    generated = old if kept else _generate(name, seed, autoname.max_length, autoname.transform)
    return inputs | {
        autoname.property: generated,
        _DEFAULTS: sorted({*inputs[_DEFAULTS], autoname.property}),
    }


def _generate(name: str, seed: bytes, max_length: int | None, transform: str | None) -> str:
    digits = hashlib.sha256(seed).hexdigest()[:7]
    stem = name if max_length is None else name[: max_length - len(digits) - 1]
    text = f"{stem}-{digits}"
    if transform == "lower-cased":
        return text.lower()
    return f"alias/{text}" if transform == "alias/ is put in front" else text


def _with_defaults(fields: Mapping[str, PropertyFacts], values: Mapping[str, Any]) -> _Json:
    filled = {key: _nested(fields.get(key), value) for key, value in values.items() if not key.startswith("__")}
    defaults = {
        key: facts.default
        for key, facts in fields.items()
        if facts.default is not None and not facts.deprecated and key not in values and not _conflicts(facts, values)
    }
    return filled | defaults | {_DEFAULTS: sorted(defaults)}


def _conflicts(facts: PropertyFacts, values: Mapping[str, Any]) -> bool:
    return any(other in values for other in facts.conflicts_with)


def _nested(facts: PropertyFacts | None, value: Any) -> Any:
    if facts is None or facts.properties is None:
        return value
    if facts.kind is Kind.OBJECT:
        return _with_defaults(facts.properties, value) if is_object(value) else value
    if is_array(value):
        return [_with_defaults(facts.properties, item) if is_object(item) else item for item in value]
    return value
