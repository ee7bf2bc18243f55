"""A state with its identities and nothing else, which anyone may read: what a preview without credentials starts from.

What stays of a resource is what the public program says of it anyway, its URN, its identifiers and what it depends on.
What goes: every secret (its ciphertext and the state's salt too, against which a passphrase could be guessed), every
output that the program did not put in, times, and whatever else a state may carry. Where one resource's output is
another one's input (a vault's endpoint in a key), both carry the same placeholder, so that a preview sees no change
where there is none. Of the stack's own outputs only the phases of sites and the roles of regions stay, which the stack
file says, too.

What it cannot do: tell whether an identifier is itself confidential. Oracle's and Amazon's are not.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from infra.cli.refusal import Exit, Refused
from infra.engine import urns
from infra.engine.encoding import SECRET, SIGNATURE_KEY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    _Resource: TypeAlias = Mapping[str, Any]
    _Fills: TypeAlias = Mapping[str, str]

REDACTED: Final = "redacted"
"""Stands where a secret's ciphertext was: a preview without a passphrase says that it does not know the old value."""

_KEPT: Final = (
    "urn", "custom", "id", "type", "parent", "provider", "dependencies", "propertyDependencies", "protect",
    "retainOnDelete", "deletedWith", "external", "additionalSecretOutputs", "aliases", "importID", "delete",
    "pendingReplacement", "taint", "sourcePosition",
)  # fmt: skip
"""Fields of a resource that say what the program asked for, or which one it is; every other one is left out."""

_PUBLIC: Final = ("legacySites", "storageRoles")  # as in `infra.exports`, which would import the cloud SDKs
"""Outputs of the stack that the stack file says, too: how far sites and regions have got."""
_TOLD_APART: Final = 7
"""Texts from this length on are known again by their value; an address such as 1.1.1.1 has it."""
_UNLIKELY: Final = 16
"""Texts from this length on do not turn up inside another text by chance."""


def redact(export: Mapping[str, Any]) -> dict[str, Any]:
    """The redacted state of a stack export (`{"version": 3, "deployment": {...}}`), itself an export of that form.

    Raises:
        Refused: the state has operations whose end is unknown, or something confidential would be left.
    """
    deployment = cast("Mapping[str, Any]", export["deployment"])
    if deployment.get("pending_operations"):
        raise Refused(
            "the state has operations whose end is not known",
            why="a preview against it would not show what the next update does",
            fix="run the update again: it settles them, and the state that it leaves can be published",
        )
    resources = cast("Sequence[_Resource]", deployment.get("resources") or [])
    ids = {identifier for resource in resources for identifier in _identifiers(resource)}
    filled = {str(resource["urn"]): _filled_in(resource, ids) for resource in resources}
    public = [_public(resource, filled, ids) for resource in resources]
    _refuse_leaks(resources, public, filled)
    manifest = cast("Mapping[str, Any]", deployment.get("manifest") or {})
    return {
        "version": export["version"],
        "deployment": {"manifest": {key: manifest[key] for key in sorted(manifest)}, "resources": public},
    }


def _identifiers(resource: _Resource) -> set[str]:
    outputs = cast("Mapping[str, Any]", resource.get("outputs") or {})
    named = (resource.get("id"), outputs.get("id"), outputs.get("arn"))
    return {text for text in named if isinstance(text, str) and text}


def _is_identity(text: str, ids: set[str]) -> bool:
    return text in ids or text.startswith(("ocid1.", "arn:aws:"))


def _filled_in(resource: _Resource, ids: set[str]) -> dict[str, str]:
    """What only the cloud can have said of a resource, each text with the placeholder that stands for it."""
    asked, urn = {text for _, text in _texts(resource.get("inputs") or {})}, str(resource["urn"])
    return {
        text: f"{REDACTED}-{hashlib.sha256(f'{urn} {path}'.encode()).hexdigest()[:16]}"
        for path, text in _texts(resource.get("outputs") or {})
        if len(text) >= _TOLD_APART and text not in asked and not _is_identity(text, ids)
    }


def _public(resource: _Resource, filled: Mapping[str, _Fills], ids: set[str]) -> dict[str, Any]:
    public = {key: resource[key] for key in _KEPT if key in resource}
    inputs = cast("Mapping[str, Any]", resource.get("inputs") or {})
    depends = cast("Mapping[str, Sequence[str] | None]", resource.get("propertyDependencies") or {})
    public["inputs"] = {
        name: _covered(
            value, {text: mark for urn in depends.get(name) or () for text, mark in filled.get(urn, {}).items()}
        )
        for name, value in inputs.items()
    }
    outputs = cast("Mapping[str, Any]", resource.get("outputs") or {})
    if urns.is_root_stack(str(resource["urn"])):
        public["outputs"] = {name: outputs[name] for name in _PUBLIC if name in outputs}
        return public
    fills = filled[str(resource["urn"])]
    public["outputs"] = {
        name: public["inputs"][name] if name in inputs and value == inputs[name] else _covered(value, fills)
        for name, value in outputs.items()
        if (name in inputs and value == inputs[name]) or _is_covered(value, fills, ids)
    }
    return public


def _is_covered(value: Any, fills: _Fills, ids: set[str]) -> bool:
    """Whether nothing of what a cloud said is left once placeholders stand in it: a secret, a text, a list of texts."""
    if isinstance(value, dict):
        return cast("dict[str, Any]", value).get(SIGNATURE_KEY) == SECRET
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return bool(items) and all(isinstance(item, str) and _is_covered(item, fills, ids) for item in items)
    return isinstance(value, str) and (value in fills or _is_identity(value, ids))


def _covered(value: Any, fills: _Fills) -> Any:
    """A value whose secrets are covered, and in which placeholders stand for what a cloud filled in."""
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        if fields.get(SIGNATURE_KEY) == SECRET:
            return {SIGNATURE_KEY: SECRET, "ciphertext": REDACTED}
        return {key: _covered(item, fills) for key, item in fields.items()}
    if isinstance(value, list):
        return [_covered(item, fills) for item in cast("list[Any]", value)]
    if isinstance(value, str):
        for text in sorted(fills, key=lambda text: (-len(text), text)):
            value = value.replace(text, fills[text])
    return value


def _texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a value with its path, but none inside a secret."""
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        if fields.get(SIGNATURE_KEY) != SECRET:
            for key, item in fields.items():
                yield from _texts(item, f"{path}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(cast("list[Any]", value)):
            yield from _texts(item, f"{path}[{index}]")
    elif isinstance(value, str):
        yield path, value


def _refuse_leaks(resources: Sequence[_Resource], public: Iterable[_Resource], filled: Mapping[str, _Fills]) -> None:
    """Looks once more, at the result: nothing that only a cloud can have said is in it, whole or as a part.

    Raises:
        Refused: Something is.
    """
    own = {text for resource in resources for text in _program_texts(resource, filled)}
    said = {text for fills in filled.values() for text in fills}
    left = {text for resource in public for name in ("inputs", "outputs") for _, text in _texts(resource.get(name))}
    found = sorted(
        text for text in said - own if text in left or (len(text) >= _UNLIKELY and any(text in it for it in left))
    )
    if found:
        raise Refused(
            f"the redacted state would still hold {len(found)} values that only a cloud can have said",
            why="what is published is read by everyone who can open a pull request",
            fix="nothing was published; infra/deploy/redact.py must learn where such a value goes",
            code=Exit.FAILED,
        )


def _program_texts(resource: _Resource, filled: Mapping[str, _Fills]) -> Iterator[str]:
    """The texts that the program itself put in: inputs that come from no other's outputs, and the phases."""
    if urns.is_root_stack(str(resource["urn"])):
        outputs = cast("Mapping[str, Any]", resource.get("outputs") or {})
        yield from (text for name in _PUBLIC for _, text in _texts(outputs.get(name)))
    depends = cast("Mapping[str, Sequence[str] | None]", resource.get("propertyDependencies") or {})
    for name, value in cast("Mapping[str, Any]", resource.get("inputs") or {}).items():
        sources = {said for urn in depends.get(name) or () for said in filled.get(urn, {})}
        yield from (text for _, text in _texts(value) if not any(said in text for said in sources))
