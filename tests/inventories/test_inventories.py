"""Every stack registers exactly what its inventory says."""

import difflib
from pathlib import Path

import pytest
import yaml

from infra import settings
from infra.residency.holders import TYPES
from tests.inventories import failover, moves
from tests.support import inventory
from tests.support.programs import ROOT


def test_every_stack_has_an_inventory_and_every_inventory_a_stack():
    """None is left over, none is missing."""
    assert sorted(path.stem for path in inventory.FOLDER.glob("*.yaml")) == sorted(settings.stacks(ROOT))


@pytest.mark.parametrize("stack", settings.stacks(ROOT))
def test_a_stack_registers_what_its_inventory_says(stack):
    """Line by line; a difference is shown with the command that writes the inventory anew."""
    compare(inventory.path(stack), inventory.render(stack), f"{stack} registers")


@pytest.mark.no_cover
def test_a_phase_move_does_what_its_inventory_says():
    """Exactly these creates, updates, deletes and protections given up; a preview of each move shows the same."""
    compare(moves.PATH, moves.render(), "a phase move does")


@pytest.mark.no_cover
def test_a_failover_does_what_its_inventory_says():
    """Exactly these creates, updates, replacements and deletes; a preview of the exchange and the loss shows the same.

    No step deletes or replaces a holder, and what a lost region has stays as it was.
    """
    compare(failover.PATH, failover.render(), "a failover does")
    steps = yaml.safe_load(failover.PATH.read_text(encoding="utf-8"))["steps"].values()
    gone = [kind for step in steps for kind in (*step["delete"], *step.get("replace", {}))]
    assert set(gone).isdisjoint(TYPES)
    assert not any("us-ashburn-1" in names for lost in list(steps)[-1:] for names in lost["update"].values())


def compare(path: Path, rendered: str, what: str) -> None:
    """Fails with the difference and the command that writes the inventory anew."""
    written = path.read_text(encoding="utf-8").splitlines()
    difference = list(difflib.unified_diff(written, rendered.splitlines(), "written", "now", lineterm="", n=2))
    if difference:
        shown = "\n".join(difference[:80])
        pytest.fail(
            f"{what} something else than its inventory says. If that is meant, run `{inventory.COMMAND}` and read the "
            f"difference before you commit it:\n{shown}",
            pytrace=False,
        )
