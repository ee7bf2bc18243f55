"""Seeds every leak at every place, every rewrite, and a change of each property: `python -m tests.mutants`.

What survives is listed by name; with `--operator` there are only leaks and rewrites.
"""

import argparse
import sys
import time
from collections.abc import Mapping

from infra.verify.verdict import Answer
from tests.mutants import properties
from tests.mutants.leaks import LEAKS
from tests.mutants.mutant import Mutant, Operator, mutants
from tests.mutants.rewrites import REWRITES
from tests.support.graphs import STACKS

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--operator", help="only those whose name has this text")
given = parser.parse_args()
begun = time.monotonic()


def played(operators: Mapping[str, Operator], what: str, *, proved: bool) -> tuple[int, list[Mutant]]:
    """How many there are, and those of which the proof says the wrong thing."""
    wrong, number = list[Mutant](), 0
    for mutant in mutants({k: v for k, v in operators.items() if (given.operator or "") in k}, *STACKS):
        number += 1
        if (mutant.answer() is Answer.PROVED) is not proved:
            wrong.append(mutant)
        if number % 200 == 0:
            print(f"{time.monotonic() - begun:6.0f} s  {number} {what}", flush=True)
    return number, wrong


leaks, survivors = played(LEAKS, "leaks", proved=False)
rewrites, refused = played(REWRITES, "rewrites", proved=True)
for mutant in survivors:
    print(f"survived: {mutant}")
for mutant in refused:
    print(f"refused: {mutant}: {mutant.told()[0]}")
print(
    f"{leaks} leaks by {len(LEAKS)} operators: {leaks - len(survivors)} refuted or undecided, {len(survivors)} survived"
)
print(f"{rewrites} safe rewrites: {len(refused)} refused")
differences = list[str]()
if not given.operator:
    answers = properties.answers(*STACKS)
    differences = properties.differences(answers)
    print(*differences, sep="\n", end="\n" if differences else "")
    print(
        f"{len(answers)} changes of properties: {sum(answers.values())} proved, {len(differences)} not as written down"
    )
sys.exit(1 if refused or differences or len(survivors) * 100 > leaks else 0)
