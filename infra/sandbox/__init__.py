"""Simulated Oracle Cloud and AWS: resource providers on loopback that the real engine and the embedded one talk to.

What they do: schema checks from the project's facts, references, unique names, regions that do not see each other,
home region, closed sets, the refusals of the real APIs in the real APIs' words, and hazards of the real providers
(a changed Oracle region is an update that leaves its resources behind).

What they refuse to be: a data plane (of an object its name and MD5 are known, for drills), a substitute for the
clouds' own validation (only the rules written here are checked), reachable from another machine, or anything but
deterministic.

`serve(database)` runs them inside a block; `python -m infra.sandbox` is the command line.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infra.sandbox.faults import Action, Fault, Faults, Moment
    from infra.sandbox.server import Servers, serve

__all__ = ["Action", "Fault", "Faults", "Moment", "Servers", "serve"]


def __getattr__(name: str) -> Any:
    """Import on use: the protocol's modules take a while, and most importers of this package need only one name."""
    if name in {"Servers", "serve"}:
        from infra.sandbox import server  # noqa: PLC0415 - the reason stands in the docstring

        return getattr(server, name)
    if name in __all__:
        from infra.sandbox import faults  # noqa: PLC0415 - the same

        return getattr(faults, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
