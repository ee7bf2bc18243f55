"""The compartments of Oracle Cloud inside the organization's own, and how a statement names them.

It exists so that a statement, a quota and a component cannot spell a compartment differently.
"""

from enum import StrEnum
from typing import assert_never

from infra.residency.dataset import DataClass


class Compartment(StrEnum):
    """The compartments inside the organization's own; data is apart by class, and apart from keys and networks.

    EDGE holds what faces the internet, apart from everything that a security zone is put on. AUDIT holds the audit
    trail and its keys, apart from everything that those do whose acts it records.
    """

    PROTECTED = "protected"
    EXCEPTED = "excepted"
    PUBLIC = "public"
    KEYS = "keys"
    NETWORK = "network"
    EDGE = "edge"
    AUDIT = "audit"

    def path(self, organization: str) -> str:
        """What a statement at the root of the tenancy calls it: `usds:protected` (page "Policy Syntax")."""
        return f"{organization}:{self.value}"


HOLDERS = (Compartment.PROTECTED, Compartment.EXCEPTED, Compartment.PUBLIC, Compartment.KEYS)
"""Those that hold data or keys."""


def of_class(data_class: DataClass) -> Compartment:
    """The compartment that holds the data of a class."""
    match data_class:
        case DataClass.PROTECTED:
            return Compartment.PROTECTED
        case DataClass.EXCEPTED:
            return Compartment.EXCEPTED
        case DataClass.PUBLIC:
            return Compartment.PUBLIC
        case _:
            assert_never(data_class)


def class_in(compartment: Compartment) -> DataClass | None:
    """The class of the data that a compartment holds; None where it holds none."""
    return next((data_class for data_class in DataClass if of_class(data_class) is compartment), None)
