"""What the two clouds have in common, and the hooks in which they differ."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from infra.facts import TypeFacts
from infra.sandbox.errors import CloudError
from infra.sandbox.model import Call, Model, Operation, Place, Reference
from infra.sandbox.store import Record
from infra.sandbox.values import Json


class Cloud(ABC):
    """One simulated cloud: its provider's identity, its accounts, its rules and words."""

    name: ClassVar[str]
    version: ClassVar[str]
    """Version of the provider plugin that is imitated."""
    replacing_settings: ClassVar[frozenset[str]] = frozenset()
    """Provider settings whose change replaces the provider and all its resources; any other is an update in place."""

    def __init__(self, models: tuple[Model, ...], generic: Model) -> None:
        self._models: Mapping[str, Model] = {model.token: model for model in models}
        self._generic = generic

    def model(self, token: str) -> Model:
        """Behaviour of a type; a generic one for types without a model."""
        return self._models.get(token, self._generic)

    @property
    def models(self) -> Mapping[str, Model]:
        """Types with behaviour of their own, by token."""
        return self._models

    def holders_of(self, token: str) -> Iterator[tuple[Model, Reference]]:
        """References by which other types hold a type's resources in place."""
        for model in self._models.values():
            for reference in model.references:
                if reference.holds and token in reference.to:
                    yield model, reference

    @abstractmethod
    def setting_problems(self, settings: Json) -> Iterator[tuple[str, str]]:
        """What is wrong with a provider's configuration: (setting, reason)."""

    @abstractmethod
    def place(self, settings: Json) -> Place:
        """Where a provider with this configuration works.

        Raises:
            CloudError: the configuration does not say.
        """

    def complete(self, place: Place, known: TypeFacts, inputs: Json) -> Json:
        """Inputs that the provider fills in itself before it checks them."""
        del place, known
        return inputs

    def identity(self, place: Place, id_: str) -> tuple[Place, str]:
        """Where an id given for an import points to, and the id proper."""
        return place, id_

    @abstractmethod
    def refuse(self, call: Call) -> None:
        """Rules for every request; raises CloudError or Unreachable."""

    @abstractmethod
    def missing(self, call: Call, reference: Reference, value: str) -> CloudError:
        """A named resource does not exist, or not in this region."""

    @abstractmethod
    def duplicate(self, call: Call, name: str, holder: Record) -> CloudError:
        """The physical name is taken."""

    @abstractmethod
    def held(self, call: Call, record: Record, holders: list[Record]) -> CloudError:
        """Other resources still refer to the one to be deleted."""

    @abstractmethod
    def invalid(self, problems: list[tuple[str, str]]) -> CloudError:
        """Values that the API does not accept."""

    @abstractmethod
    def gone(self, call: Call, id_: str) -> CloudError:
        """The resource to change does not exist (any more)."""

    @abstractmethod
    def word_error(self, error: CloudError, *, operation: Operation, token: str, place: Place, subject: str) -> str:
        """The text a provider reports for a refusal."""


def decoded(settings: Mapping[str, Any]) -> Json:
    """A provider's configuration with its nested values, which travel as JSON text, taken apart."""
    result: Json = {}
    for name, value in settings.items():
        text = isinstance(value, str) and (value[:1] in {"[", "{"} or value in {"true", "false"})
        try:
            result[name] = json.loads(value) if text else value
        except ValueError:
            result[name] = value
    return result
