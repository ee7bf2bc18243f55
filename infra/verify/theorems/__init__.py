"""The theorems, one module each: its docstring is the statement, its `decide` the proof.

A theorem's module has:

* `ID` and `TITLE`, and `ASSUMPTIONS`: what the theorem rests on that no resource says;
* `decide`: the fast decider, over the graph's indices;
* `decide_slowly`: another one, independent and obvious, for tests and `--paranoid`;
* most have `opinions`: what that one thinks of each resource by itself, which counterexamples are held against.
"""

from typing import Final, Protocol

from infra.verify.context import Context
from infra.verify.theorems import access, completeness, copies, evidence, keys, lifecycle, network, storage, traffic
from infra.verify.verdict import Answer, Verdict


class Theorem(Protocol):
    """A module of this package."""

    @property
    def ID(self) -> str: ...  # noqa: D102, N802 (a module's constant)
    @property
    def TITLE(self) -> str: ...  # noqa: D102, N802
    @property
    def ASSUMPTIONS(self) -> tuple[str, ...]: ...  # noqa: D102, N802
    def decide(self, context: Context) -> Verdict: ...  # noqa: D102
    def decide_slowly(self, context: Context) -> Answer: ...  # noqa: D102


THEOREMS: Final[tuple[Theorem, ...]] = (
    storage, copies, traffic, network, access, keys, lifecycle, completeness, evidence,
)  # fmt: skip
"""All of them, in order."""
