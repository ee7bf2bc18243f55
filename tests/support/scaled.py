"""A shipped stack with as many datasets and hostnames as a benchmark wants, as the documents that a proof reads.

The program registers the stack once with one dataset and one hostname more; what they add is then written again and
again under other names. `test_scaled.py` shows that this is what the program registers for them. So a graph of a
hundred thousand resources, which the planner rightly refuses, has the shape of a real one: every reference leads where
it would, and all of it is proved.
"""

import json
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from itertools import islice, product
from string import ascii_lowercase
from typing import Any

from infra import settings
from infra.program import provision
from infra.residency.evidence import NO_EVIDENCE
from tests.support.graphs import steps_of
from tests.support.programs import AS_OF, configuration
from tests.support.recorder import record

FIRST, SECOND = "scaledaaaa", "scaledaaab"
_DATASET = {"class": "protected", "shards": 2}
_HOSTNAME = {"health": "/healthz"}


def names() -> Iterator[str]:
    """Names for datasets and hostnames, all of one length, the two that are evaluated first."""
    return ("scaled" + "".join(letters) for letters in product(ascii_lowercase, repeat=4))


def extended(stack: str, *more: str) -> dict[str, Any]:
    """The configuration of a stack with a dataset and a hostname of each of some names."""
    config = deepcopy(configuration(stack))
    deployment: Any = config["usdata:deployment"]
    deployment["datasets"] |= dict.fromkeys(more, _DATASET)
    deployment["traffic"]["hostnames"] |= dict.fromkeys(more, _HOSTNAME)
    deployment["traffic"]["limits"] = dict.fromkeys(("attachments", "policies"), 100)
    return config


@cache
def evaluated(stack: str, *, preview: bool) -> dict[str, dict[str, Any]]:
    """What the program registers for a stack and two names more, each resource's step by its URN."""
    config = extended(stack, FIRST, SECOND)
    content = json.dumps({"config": config}).encode()
    plan = settings.load_content(content, configured=None, as_of=AS_OF, evidence=NO_EVIDENCE).plan
    recorded = record(lambda: provision(plan), preview=preview, stack=stack, config=config)
    return {step["urn"]: step for step in steps_of(recorded, preview=preview)}


def parts(stack: str, *more: str, preview: bool) -> tuple[list[dict[str, Any]], dict[str, list[dict[str, Any]]]]:
    """The steps of the stack itself, as they are with some names more, and those that each of the first two adds."""
    rest: list[dict[str, Any]] = []
    added: dict[str, list[dict[str, Any]]] = {FIRST: [], SECOND: []}
    for urn, step in evaluated(stack, preview=preview).items():
        name = next((it for it in added if it in urn), None)
        if name is None:
            rest.append(_listing(step, more))
        else:
            added[name].append(step)
    return rest, added


def _listing(value: Any, more: tuple[str, ...]) -> Any:
    """A value of the stack's own, whose lists have an entry for each name instead of one for each of the first two.

    A trail lists the buckets whose reads and writes it logs.
    """
    if isinstance(value, dict):
        return {key: _listing(it, more) for key, it in value.items()}
    if not isinstance(value, list):
        return value
    kept = [it for it in value if not (isinstance(it, str) and (FIRST in it or SECOND in it))]
    told = [it.replace(FIRST, name) for it in value if isinstance(it, str) and FIRST in it for name in more]
    return sorted([*kept, *told]) if len(kept) < len(value) else [_listing(it, more) for it in value]


def document(stack: str, size: int, *, preview: bool = True) -> dict[str, Any]:
    """A stack of at least so many resources.

    Args:
        stack: A shipped one.
        size: How many resources.
        preview: Whether everything is about to be made, its ids unknown; else it is the export of a state.
    """
    rest, added = parts(stack, preview=preview)
    family = json.dumps(added[FIRST])
    wanted = list(islice(names(), -(-max(0, size - len(rest)) // len(added[FIRST]))))
    rest, _ = parts(stack, *wanted, preview=preview)
    steps = [*rest, *(step for name in wanted for step in json.loads(family.replace(FIRST, name)))]
    if preview:
        return {"config": extended(stack, *wanted), "steps": steps, "changeSummary": {"create": len(steps)}}
    resources = [step["newState"] for step in steps]
    return {"version": 3, "deployment": {"manifest": {"time": "2026-11-24T00:00:00Z"}, "resources": resources}}
