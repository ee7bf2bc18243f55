"""What every theorem is decided on."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

from infra.verify.declared import Declared
from infra.verify.graph import Graph
from infra.verify.home import Home


class Context(NamedTuple):
    """A stack at one preview, plan or state.

    Attributes:
        stack: Its name.
        graph: Its resources.
        declared: What its configuration says.
        as_of: The day.
        home: What is known of where the stack's own state is kept.
        receipts: The receipts of each of its legacy sites, oldest first, as the files have them.
    """

    stack: str
    graph: Graph
    declared: Declared
    as_of: date
    home: Home = Home()
    receipts: Mapping[str, tuple[str, ...]] = MappingProxyType({})
