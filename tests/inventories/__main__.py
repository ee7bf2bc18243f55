"""Writes the inventory of every stack anew: `python -m tests.inventories`."""

from infra import settings
from tests.inventories import failover, moves
from tests.support import inventory
from tests.support.programs import ROOT

for stack in settings.stacks(ROOT):
    inventory.path(stack).write_text(inventory.render(stack), encoding="utf-8")
    print(inventory.path(stack).relative_to(ROOT))

for played in (moves, failover):
    played.PATH.write_text(played.render(), encoding="utf-8")
    print(played.PATH.relative_to(ROOT))
