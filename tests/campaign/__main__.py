"""The campaign: `python -m tests.campaign --sequences 100000 --seed 1`."""

import argparse
import sys
import time

from tests.campaign.sequences import Tally, play

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--sequences", type=int, default=100_000)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--first", type=int, default=0, help="number of the first sequence, to play one again")
given = parser.parse_args()
tally, begun = Tally(), time.monotonic()
for number in range(given.first, given.first + given.sequences):
    try:
        play(given.seed, number, tally)
    except AssertionError as error:
        sys.exit(f"sequence {number} of seed {given.seed}: {error}")
    if tally.sequences % 5000 == 0:
        print(f"{tally.sequences} sequences, {tally.edits} edits, {time.monotonic() - begun:.0f} s", flush=True)
print(
    f"{tally.sequences} sequences of {tally.edits} edits: {sum(tally.refused.values())} refused, "
    f"{sum(tally.taken.values())} planned by the engine, {tally.closed} with a site closed on its receipts; "
    "no holder was deleted or replaced without a receipt."
)
for kind in sorted({*tally.refused, *tally.taken}):
    counts = f"refused {tally.refused[kind]:>7}, taken {tally.taken[kind]:>7}, at stake {tally.at_stake[kind]}"
    print(f"  {kind:<26} {counts}")
