"""Facts about clouds and providers: data files with small typed loaders, importable by every part of the project."""

from infra.facts.load import facts_of, known_tokens, oci_flags, type_facts
from infra.facts.model import Autoname, Checker, Kind, Origin, PropertyFacts, TypeFacts

__all__ = [
    "Autoname",
    "Checker",
    "Kind",
    "Origin",
    "PropertyFacts",
    "TypeFacts",
    "facts_of",
    "known_tokens",
    "oci_flags",
    "type_facts",
]
