"""The program, run under the recorder: of a stack as it is shipped, of a plan, or of any request."""

from datetime import date
from functools import cache
from pathlib import Path

import yaml

from infra.program import main, provision
from infra.residency.deployment import DeploymentRequest
from infra.residency.planner import plan
from tests.residency.samples import ANSWERING, GOOD
from tests.support.recorder import Recorded, record

ROOT = Path(__file__).parents[2]
AS_OF = date(2026, 11, 24)
"""The day of every recorded run."""


def configuration(stack: str) -> dict[str, object]:
    """The `config` of a stack's file, as an engine passes it."""
    return yaml.safe_load((ROOT / "stacks" / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))["config"]


@cache
def shipped(stack: str, *, preview: bool) -> Recorded:
    """What the program registers for a stack in `stacks/`; run once and shared, so not to be changed."""
    return record(lambda: main(AS_OF), preview=preview, stack=stack, config=configuration(stack))


def planned(request: DeploymentRequest, *, preview: bool = True) -> Recorded:
    """What is registered for a request."""
    return record(lambda: provision(plan(request, AS_OF)), preview=preview)


@cache
def sample(*, preview: bool) -> Recorded:
    """What is registered for the sample request; run once and shared, so not to be changed."""
    return planned(GOOD, preview=preview)


@cache
def answering(*, preview: bool) -> Recorded:
    """The same of the sample that answers users."""
    return planned(ANSWERING, preview=preview)
