"""Certificates of the shipped stacks, and everything that can be changed in one or in the preview that it is about."""

from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from random import Random
from typing import Any

from infra.verify import binding
from infra.verify.certificate import certificate
from infra.verify.checker import checker
from infra.verify.proof import prove
from infra.verify.sources.preview import graph_of
from tests.support.graphs import context, steps
from tests.support.programs import configuration


def preview(stack):
    """The document of a first preview."""
    return {"config": configuration(stack), "steps": steps(stack), "changeSummary": {}}


@cache
def _certificate(stack):
    return certificate(prove(context(stack)), kind="preview")


def certified(stack):
    """A stack's certificate, to be edited."""
    return deepcopy(_certificate(stack))


def resealed(found, document=None):
    """A forger's certificate: whatever it claims, its seal and its digests are right."""
    if document is not None:
        graph = graph_of(document["steps"])
        found["digests"] |= {"planned": binding.planned(graph), "state": binding.state(graph)}
        found["resources"] = len(graph.nodes)
    del found["seal"]
    return found | {"seal": checker.sha256(checker.canonical(found))}


def refusal(found, document, models=""):
    """Why the checker refuses; empty where it does not."""
    try:
        checker.check(found, document)
        checker.demand(models in ("", checker.sha256(checker.canonical(found["models"]))), "the lists")
    except (checker.RefusedError, KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        return str(error) or type(error).__name__
    return ""


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value that is no object or list, and of every empty one."""
    if isinstance(value, dict | list) and value:
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from leaves(value[key], (*path, key))
    else:
        yield path


def changed(document, path, random: Random):
    """A copy in which the value at a path is another one, or gone."""
    top = path[0]
    copy = {**document, top: deepcopy(document[top])}
    if len(path) == 1:
        copy[top] = other(copy[top], random)
        return copy
    *way, last = path
    inner: Any = copy
    for key in way:
        inner = inner[key]
    if inner[last] and random.random() < 0.2:
        del inner[last]
    else:
        inner[last] = other(inner[last], random)
    return copy


def other(value, random):
    """Another value of the same kind."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + random.choice([-1, 1])
        case str():
            place = random.randrange(len(value) + 1)
            return value[:place] + random.choice("abx019-") + value[place:]
        case None:
            return "x"
        case _:
            return ["x"]
