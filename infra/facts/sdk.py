"""Shapes and required inputs of any resource type, read from the installed Pulumi SDK by introspection.

For types without full facts. The SDK tells names, shapes, required inputs and outputs; it does not tell what
replaces, what the cloud fills in or which values are allowed, so `force_new` comes from `oci_flags` where that
has the type and is None ("may replace") everywhere else. Importing an SDK module costs up to half a second:
import this module where it is used, not at the top of a file.
"""

import collections.abc
import importlib
import inspect
import json
import re
import typing
import warnings
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

from infra.facts.load import oci_flags
from infra.facts.model import Kind, Origin, PropertyFacts, TypeFacts

_SCALARS = {bool: Kind.BOOLEAN, int: Kind.INTEGER, float: Kind.NUMBER, str: Kind.STRING}
_LOADING = Lock()
"""For one thread after the other to be the first that uses a package."""

_pulumi_types: Any = importlib.import_module("pulumi._types")  # the SDK keeps its type reflection in a private module


@cache
def describe(token: str) -> TypeFacts | None:
    """What the installed SDK says about a resource type; None when it has no such type.

    Args:
        token: Pulumi type token, such as `oci:Adm/knowledgeBase:KnowledgeBase`.
    """
    package = token.partition(":")[0]
    resource = _resource_class(package, token)
    if resource is None:
        return None
    arguments = _arguments_class(resource)
    inputs = _fields(arguments, seen=())
    flags = oci_flags(token)
    if flags is not None:
        inputs = {name: _with_flags(facts, flags.get(name)) for name, facts in inputs.items()}
    outputs: dict[str, Any] = _pulumi_types.resource_types(resource)
    return TypeFacts(
        token=token,
        origin=Origin.SDK if flags is None else Origin.FLAGS,
        terraform=None,
        inputs=inputs,
        outputs_only=frozenset(outputs) - frozenset(inputs) - {"id", "urn"},
    )


@cache
def type_tokens(package: str) -> dict[str, tuple[str, str]]:
    """Every resource token of an SDK -> (module, class name), without importing the SDK. Empty when not installed."""
    spec = find_spec(f"pulumi_{package}") if re.fullmatch(r"[a-z0-9]+", package) else None
    if spec is None or spec.origin is None:
        return {}
    found = re.search(r'resource_modules="""(.*?)"""', Path(spec.origin).read_text(encoding="utf-8"), re.DOTALL)
    modules: list[dict[str, Any]] = json.loads(found[1]) if found else []
    return {token: (module["fqn"], name) for module in modules for token, name in module["classes"].items()}


def _resource_class(package: str, token: str) -> Any | None:
    found = type_tokens(package).get(token)
    if found is None:
        return None
    package_name, name = found
    with warnings.catch_warnings():  # modules of the SDK announce deprecated classes when they are imported
        warnings.simplefilter("ignore", DeprecationWarning)
        with _LOADING:
            resource = getattr(importlib.import_module(package_name), name, None)
        return resource or getattr(importlib.import_module(_own_module(package_name, token)), name)


def _own_module(package_name: str, token: str) -> str:
    """The module of a class, which is loaded under Python's lock.

    Packages of the SDK load when first used, and one that a program has begun to use looks empty to other threads until
    it is loaded. No class may be taken from its own module before: its package would be left without it.
    """
    file = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", token.split(":")[1].rpartition("/")[2]).lower()
    return f"{package_name}.{file}"


def _arguments_class(resource: Any) -> Any:
    """The input class of a resource; its name stands in the constructor's call of get_resource_args_opts."""
    found = re.search(r"get_resource_args_opts\((\w+),", inspect.getsource(resource.__init__))
    if found is None:
        raise LookupError(f"{resource.__name__}: the SDK's generated code has an unknown form")
    return getattr(inspect.getmodule(resource), found[1])


def _fields(arguments: Any, seen: tuple[type, ...]) -> dict[str, PropertyFacts]:
    parameters = inspect.signature(arguments.__init__).parameters
    required = {
        wire
        for python, wire, _ in _pulumi_types._py_properties(arguments)  # noqa: SLF001 - wire names are kept only there
        if python in parameters and parameters[python].default is inspect.Parameter.empty
    }
    return {
        name: replace(_shape(typ, (*seen, arguments)), required=name in required, optional=name not in required)
        for name, typ in _pulumi_types.input_type_types(arguments).items()
    }


def _shape(typ: Any, seen: tuple[type, ...]) -> PropertyFacts:
    """Facts of one value; a recursive type is left open below its second level."""
    typ = _pulumi_types.unwrap_type(typ)
    if typ in _SCALARS:
        return PropertyFacts(kind=_SCALARS[typ], force_new=None)
    if _pulumi_types.is_input_type(typ):
        fields = None if typ in seen else _fields(typ, seen)
        return PropertyFacts(kind=Kind.OBJECT, force_new=None, properties=fields)
    origin, arguments = typing.get_origin(typ), typing.get_args(typ)
    if origin is collections.abc.Sequence or origin is collections.abc.Mapping:
        kind, element = (Kind.LIST, arguments[0]) if origin is collections.abc.Sequence else (Kind.MAP, arguments[1])
        shape = _shape(element, seen)
        if shape.kind is Kind.OBJECT:
            return PropertyFacts(kind=kind, force_new=None, properties=shape.properties)
        return PropertyFacts(kind=kind, force_new=None, items=shape)
    return PropertyFacts(kind=None, force_new=None)


def _with_flags(facts: PropertyFacts, flags: PropertyFacts | None) -> PropertyFacts:
    if flags is None:
        return facts
    return replace(facts, computed=flags.computed, force_new=flags.force_new, suppress=flags.suppress)
