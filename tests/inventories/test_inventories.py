"""Every stack registers exactly what its inventory says."""

import difflib

import pytest

from infra import settings
from tests.support import inventory
from tests.support.programs import ROOT


def test_every_stack_has_an_inventory_and_every_inventory_a_stack():
    """None is left over, none is missing."""
    assert sorted(path.stem for path in inventory.FOLDER.glob("*.yaml")) == sorted(settings.stacks(ROOT))


@pytest.mark.parametrize("stack", settings.stacks(ROOT))
def test_a_stack_registers_what_its_inventory_says(stack):
    """Line by line; a difference is shown with the command that writes the inventory anew."""
    written = inventory.path(stack).read_text(encoding="utf-8").splitlines()
    difference = list(
        difflib.unified_diff(written, inventory.render(stack).splitlines(), "written", "registered", lineterm="", n=2)
    )
    if difference:
        shown = "\n".join(difference[:80])
        pytest.fail(
            f"{stack} registers something else than its inventory says. If that is meant, run `{inventory.COMMAND}` "
            f"and read the difference before you commit it:\n{shown}",
            pytrace=False,
        )
