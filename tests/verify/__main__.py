"""`make proofs`: what `make test` samples, to the last: unknowns, changes of certificates and previews, and phases."""

import sys
from dataclasses import replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from infra.engine.options import Command
from infra.residency.lifecycle import Phase
from infra.verify.checker import checker
from infra.verify.graph import UNKNOWN
from infra.verify.sources.preview import graph_of
from infra.verify.theorems import completeness
from infra.verify.verdict import Answer
from tests.support.graphs import STACKS, context, steps
from tests.support.phases import Life
from tests.verify.certificates import certified, changed, leaves, preview, refusal, resealed
from tests.verify.test_checker import NO_MEANING
from tests.verify.test_unknowns import places

CHANGES = 1000


def _forgeries(stack):
    """How many changes of a certificate, and of a preview, were tried, and those that passed."""
    found, document, passed = certified(stack), preview(stack), []
    models = checker.sha256(checker.canonical(found["models"]))
    random = Random(stack)  # noqa: S311 (seeded changes, no secret)
    paths = [path for path in leaves(found) if path not in {("seal",), ("asOf",)}]
    for path in random.sample(paths, min(CHANGES, len(paths))):
        forged = changed(found, path, random)
        if not refusal(forged, document) or not refusal(resealed(forged), document, models):
            passed.append(path)
    shown = [path for path in leaves(document["steps"]) if len(path) > 2 and path[2] not in NO_MEANING]
    passed += [
        path
        for path in random.sample(shown, CHANGES)
        if not refusal(found, document | changed({"steps": document["steps"]}, ("steps", *path), random))
    ]
    return min(CHANGES, len(paths)) + CHANGES, passed


def _unknowns(stack):
    """How many values were made unknown, and those with which the stack was still proved."""
    document, passed, number = steps(stack), [], 0
    for at, keys, path in places(stack):
        number += 1
        inner = document[at]["newState"]["inputs"]
        for key in keys[:-1]:
            inner = inner[key]
        was, inner[keys[-1]] = inner[keys[-1]], UNKNOWN
        if completeness.decide(context(stack, graph_of(document))).answer is not Answer.UNDECIDED:
            passed.append((document[at]["urn"], path))
        inner[keys[-1]] = was
    return number, passed


def _phases():
    """Production, with all its legacy sites, from nothing to their end: phases that are not proved before each move.

    Both deciders of every theorem and the checker answer for the preview, which the update then carries out on
    simulated clouds. The sandbox's own phases are in `tests/inventories`.
    """
    unproved = []
    with TemporaryDirectory() as folder:
        life = Life.of_production(Path(folder))
        for phase in Phase:
            _, shown = life.go(phase, command=Command.PREVIEW)
            if life.residency is not Answer.PROVED:
                unproved.append((phase.value, life.residency))
            result, done = life.go(phase)
            same = replace(shown, unprotected=()) == replace(done, unprotected=())  # a preview changes no state
            if result.exit or not same:
                unproved.append((phase.value, f"exit {result.exit}, or the update did something else"))
    return len(Phase), unproved


def main() -> int:
    """Print what was tried, and what passed; 1 if anything did."""
    number, unproved = _phases()
    bad = len(unproved)
    print(f"us-prod: {number} phases walked, {bad} not proved", *unproved, sep="\n  ", flush=True)
    for stack in STACKS:
        for name, attempt in (("forgeries", _forgeries), ("unknowns", _unknowns)):
            number, passed = attempt(stack)
            bad += len(passed)
            print(f"{stack}: {number} {name}, {len(passed)} passed", *passed, sep="\n  ", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
