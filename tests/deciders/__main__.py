"""The campaign: `python -m tests.deciders --instances 100000 --requests 10000000 --seed 1`.

Two deciders of each theorem on random instances, and random requests against policies of AWS that were proved.
"""

import argparse
import sys
import time
from random import Random

from tests.deciders import documents, networks, policies, stacks

GAMES = {"traffic": policies, "network": networks, "documents": documents} | stacks.GAMES
"""By theorem, or part of one, what makes an instance, and says where its two deciders differ on it."""

_BATCH = 1_000_000

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--instances", type=int, default=100_000, help="for each theorem")
parser.add_argument("--requests", type=int, default=10_000_000)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--theorem", choices=sorted(GAMES), action="append", help="only this one")
parser.add_argument("--first", type=int, default=0, help="number of the first instance, to play one again")
given = parser.parse_args()
begun = time.monotonic()


def told(what: str) -> None:
    """Progress, with the seconds since the beginning."""
    print(f"{time.monotonic() - begun:6.0f} s  {what}", flush=True)


for theorem in given.theorem or GAMES:
    game, spent = GAMES[theorem], time.process_time()
    for number in range(given.first, given.first + given.instances):
        why = game.disagreement(game.instance(Random(f"{given.seed}:{number}")))  # noqa: S311 - not for secrets
        if why:
            sys.exit(f"{theorem}: instance {number} of seed {given.seed}: {why}")
        if (number + 1) % 10_000 == 0:
            told(f"{theorem}: {number + 1} instances")
    rate = given.instances / (time.process_time() - spent)
    told(f"{theorem}: both deciders agree on {given.instances} instances, {rate:.0f} a second; counterexamples replay")
    if isinstance(game, stacks.Game):
        told(f"{theorem}: {game.replayed} counterexamples replayed one by one")
        for share in game.shares():
            told(f"{theorem}, {share}")
replayed = 0
while replayed < given.requests:
    random = Random(f"{given.seed}:requests:{replayed}")  # noqa: S311 - not for secrets
    number, admitted = documents.replays(random, min(_BATCH, given.requests - replayed))
    if admitted:
        sys.exit(f"a proved policy admits a request (seed {given.seed}, after {replayed}): {admitted[0]}")
    replayed += number
    told(f"{replayed} requests against proved policies, 0 admitted")
