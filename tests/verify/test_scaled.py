"""The graphs of benchmarks: what is written again under other names is what the program registers for those names."""

import json

import pytest

from infra.verify.declared import declared
from infra.verify.proof import prove
from infra.verify.sources import preview
from tests.support import scaled
from tests.support.graphs import context, steps
from tests.verify import certificates


def test_a_name_more_adds_what_the_other_adds():
    """The program is run once with two names: the rest is the shipped stack, and what both add differs by name only."""
    rest, added = scaled.parts("sandbox", preview=True)
    assert sorted(map(json.dumps, rest)) == sorted(map(json.dumps, steps("sandbox")))
    again = json.dumps(added[scaled.FIRST]).replace(scaled.FIRST, scaled.SECOND)
    assert sorted(map(json.dumps, json.loads(again))) == sorted(map(json.dumps, added[scaled.SECOND]))


@pytest.mark.parametrize("size", [0, 600])
def test_a_scaled_stack_is_proved_and_its_certificate_holds(size):
    """Every theorem, and the checker, at a size that is the stack's own and one that is not."""
    document = scaled.document("sandbox", size)
    loaded = preview.load(document, "scaled.json")
    assert size <= len(loaded.graph.nodes) < max(size, len(steps("sandbox"))) + 50
    proof = prove(context("sandbox", loaded.graph, declared=declared(document["config"])))
    assert [verdict.answer for verdict in proof.verdicts] == ["PROVED"] * len(proof.verdicts)
    certificate = json.loads(json.dumps(certificates.certificate(proof, kind="preview")))
    assert certificates.refusal(certificate, document) == ""
