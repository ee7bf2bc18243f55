"""Independent resources are created at the same time, as many as `parallel` says and never more.

Proves it with creations that wait for each other: fewer at a time would wait in vain. That what people see does not
depend on the order in which they end is proved in test_display.
"""

import sys
import threading
from pathlib import Path

import pulumi
import pytest

from infra.engine import deployment
from infra.engine.options import Command, Exit, Options
from infra.engine.provider import CreateResult
from infra.engine.state import Deployment
from tests.bench._echo import Echo


class Meeting(Echo):
    """A provider whose creations wait until as many are under way as there are places."""

    def __init__(self, places) -> None:
        self._meeting = threading.Barrier(places)
        self._lock = threading.Lock()
        self._present = 0
        self.most = 0

    def create(self, *, urn, inputs, preview, **rest: object) -> CreateResult:
        """As the other, after the others have come."""
        with self._lock:
            self._present += 1
            self.most = max(self.most, self._present)
        self._meeting.wait(timeout=60)
        with self._lock:
            self._present -= 1
        return super().create(urn=urn, inputs=inputs, preview=preview, **rest)


@pytest.mark.parametrize("parallel", [1, 2, 3])
def test_as_many_as_asked_for(parallel):
    """Six creations with one, two or three places: that many meet each time, and nobody else is there."""
    cloud = Meeting(parallel)

    def program():
        provider = pulumi.ProviderResource("lab", "p", {})
        for number in range(6):
            pulumi.CustomResource(
                "lab:index:Thing", f"t{number}", {"n": number}, pulumi.ResourceOptions(provider=provider)
            )

    before = sys.getswitchinterval()
    result = deployment.run(
        command=Command.UP,
        program=program,
        project="p",
        stack="s",
        config={},
        state=Deployment(),
        providers=lambda _package: cloud,
        root_directory=Path(__file__).parent,
        options=Options(parallel=parallel),
    )

    assert result.exit is Exit.OK, result.diagnostics
    assert cloud.most == parallel
    assert {r.name for r in result.state.resources if r.type == "lab:index:Thing"} == {f"t{n}" for n in range(6)}
    assert sys.getswitchinterval() == before
