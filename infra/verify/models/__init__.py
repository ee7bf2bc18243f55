"""What resources mean, a module for each family of types; a type that has no model here is not known."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from infra.verify.models import object_storage, s3, site_trails, trail, transfer, vaults
from infra.verify.models.model import Model, family

MODELS: Final[Mapping[str, Model]] = MappingProxyType(
    object_storage.MODELS
    | s3.MODELS
    | site_trails.MODELS
    | trail.MODELS
    | transfer.MODELS
    | vaults.MODELS
    | family("guardrails")
    | family("network")
    | family("names")
    | family("edge")
    | family("identity")
    | family("logs")
    | family("providers")
)
"""Every type that is known."""

HOLDERS: Final = tuple(sorted(model.type for model in MODELS.values() if model.holds))
"""Those that hold data, or the key to it."""

MOVING: Final = tuple(sorted(model.type for model in MODELS.values() if model.flows is not None))
"""Those that move data."""
