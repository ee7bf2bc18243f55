"""Writes the inventory of every stack anew: `python -m tests.inventories`."""

from infra import settings
from tests.inventories import moves
from tests.support import inventory
from tests.support.programs import ROOT

for stack in settings.stacks(ROOT):
    inventory.path(stack).write_text(inventory.render(stack), encoding="utf-8")
    print(inventory.path(stack).relative_to(ROOT))

moves.PATH.write_text(moves.render(), encoding="utf-8")
print(moves.PATH.relative_to(ROOT))
