"""A provider that answers at once with what it was given: what is measured beside it is the engine."""

from __future__ import annotations

from infra.engine.provider import (
    Changes,
    CheckResult,
    CreateResult,
    DiffResult,
    Handshake,
    InvokeResult,
    ReadResult,
    UpdateResult,
)
from infra.engine.values import UNKNOWN, Properties, equal_properties


class Echo:
    """Outputs are the inputs and a `serial`, which a preview does not know."""

    handshake = Handshake()

    def check_config(self, *, news: Properties, **_: object) -> CheckResult:
        """All is well."""
        return CheckResult(inputs=news)

    def diff_config(self, **_: object) -> DiffResult:
        """Nothing changes."""
        return DiffResult()

    def configure(self, **_: object) -> None:
        """Nothing to remember."""

    def check(self, *, news: Properties, **_: object) -> CheckResult:
        """All is well."""
        return CheckResult(inputs=news)

    def diff(self, *, old_inputs: Properties, new_inputs: Properties, **_: object) -> DiffResult:
        """An update where the inputs differ."""
        same = equal_properties(old_inputs, new_inputs)
        return DiffResult(changes=Changes.NONE if same else Changes.SOME)

    def create(self, *, urn: str, inputs: Properties, preview: bool, **_: object) -> CreateResult:
        """The inputs, and a serial."""
        return CreateResult(id="" if preview else urn, outputs={**inputs, "serial": UNKNOWN if preview else urn})

    def update(self, *, new_inputs: Properties, **_: object) -> UpdateResult:
        """The inputs."""
        return UpdateResult(outputs=new_inputs)

    def delete(self, **_: object) -> None:
        """Gone."""

    def read(self, *, id_: str, inputs: Properties | None, state: Properties | None, **_: object) -> ReadResult:
        """As it was."""
        return ReadResult(id=id_, inputs=inputs, outputs=state)

    def invoke(self, *, args: Properties, **_: object) -> InvokeResult:
        """The arguments."""
        return InvokeResult(result=args)

    def cancel(self) -> None:
        """Nothing is in flight."""

    def close(self) -> None:
        """Nothing is open."""
