"""What is unknown, and in what order things come: neither may make a proof of what is none.

Each input that a theorem reads as content is replaced by an unknown, one at a time over both shipped stacks (a sample
here, all of them with `make proofs`): the proof is never PROVED. And the same resources in another order, or under
another hash seed, are told in the same bytes.
"""

import json
import os
import subprocess
import sys
from random import Random

import pytest

from infra.verify.certificate import certificate, text
from infra.verify.graph import UNKNOWN
from infra.verify.models import MODELS
from infra.verify.proof import prove
from infra.verify.sources.preview import graph_of
from infra.verify.theorems import completeness
from infra.verify.verdict import Answer
from tests.support.graphs import STACKS, context, steps
from tests.support.programs import ROOT

pytestmark = pytest.mark.no_cover

SAMPLE = 25


def leaves(value, path):
    """Every value below a property that is no object or list, as the keys that lead to it and the dotted path."""
    if isinstance(value, dict):
        for name, item in value.items():
            if not name.startswith("__") and item is not None:
                yield from ((((name,), *keys), at) for keys, at in leaves(item, f"{path}.{name}" if path else name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from ((((number,), *keys), at) for keys, at in leaves(item, path))
    else:
        yield (), path


def places(stack):
    """Every place of a value that is read as content: number of the step, keys, dotted path."""
    for number, step in enumerate(steps(stack)):
        model = MODELS.get(step["newState"]["type"])
        for keys, path in leaves(step["newState"]["inputs"], "") if model else ():
            if path in model.read:
                yield number, [key for (key,) in keys], path


@pytest.mark.no_cover
@pytest.mark.parametrize("stack", STACKS)
def test_an_unknown_is_never_proved(stack):
    """Wherever a theorem reads content."""
    found = list(places(stack))
    assert len(found) > 1000
    for number, keys, path in Random(3).sample(found, SAMPLE):  # noqa: S311 (a sample, no secret)
        document = steps(stack)
        inner = document[number]["newState"]["inputs"]
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = UNKNOWN
        answer = completeness.decide(context(stack, graph_of(document))).answer
        assert answer is Answer.UNDECIDED, (document[number]["urn"], path)


@pytest.mark.parametrize("stack", STACKS)
def test_the_order_of_resources_does_not_matter(stack):
    """Shuffled, the certificate has the same bytes."""
    document = steps(stack)
    Random(4).shuffle(document)  # noqa: S311 (the same)
    assert text(certificate(prove(context(stack, graph_of(document))), kind="preview")) == text(
        certificate(prove(context(stack)), kind="preview")
    )


_PRINT = """
import json, sys
from infra.verify.command_line import main
main(["--preview", "-", "--json", "--as-of", "2026-11-24"])
"""


def test_the_hash_seed_does_not_matter():
    """Two processes with other seeds print the same bytes, for what is proved and for what is not."""
    from tests.verify.certificates import preview  # noqa: PLC0415 (imports the checker)

    document = preview("sandbox")
    for step in document["steps"]:
        if step["newState"]["type"].endswith(":ReplicationPolicy"):
            step["newState"]["inputs"]["destinationRegionName"] = "uk-london-1"
    printed = {
        subprocess.run(  # noqa: S603 (this interpreter)
            [sys.executable, "-c", _PRINT], input=json.dumps(document).encode(), capture_output=True, check=False,
            cwd=ROOT, env=os.environ | {"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(printed) == 1
    assert json.loads(printed.pop())["answer"] == "REFUTED"


def test_the_way_to_a_pass_imports_no_sdk_and_no_solver():
    """What a proof needs is quick to import: neither SDK, solver, engine nor graph library is among it."""
    code = "import infra.verify.proof, infra.verify.inputs, sys; print(*{m.partition('.')[0] for m in sys.modules})"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, text=True)  # noqa: S603
    assert not {"pulumi", "pulumi_oci", "pulumi_aws", "z3", "networkx", "click", "yaml", "rich"} & set(
        found.stdout.split()
    )
