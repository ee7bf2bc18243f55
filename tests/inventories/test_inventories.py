"""Every stack registers exactly what its inventory says."""

import difflib
from pathlib import Path

import pytest

from infra import settings
from tests.inventories import moves
from tests.support import inventory
from tests.support.programs import ROOT


def test_every_stack_has_an_inventory_and_every_inventory_a_stack():
    """None is left over, none is missing."""
    assert sorted(path.stem for path in inventory.FOLDER.glob("*.yaml")) == sorted(settings.stacks(ROOT))


@pytest.mark.parametrize("stack", settings.stacks(ROOT))
def test_a_stack_registers_what_its_inventory_says(stack):
    """Line by line; a difference is shown with the command that writes the inventory anew."""
    compare(inventory.path(stack), inventory.render(stack), f"{stack} registers")


def test_a_phase_move_does_what_its_inventory_says():
    """Exactly these creates, updates, deletes and protections given up; a preview of each move shows the same."""
    compare(moves.PATH, moves.render(), "a phase move does")


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
