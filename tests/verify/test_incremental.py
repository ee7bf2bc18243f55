"""A proof after a change is the whole proof, whatever is changed; and only what reads the change is decided again."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from infra.verify import incremental
from infra.verify.graph import UNKNOWN, Graph
from infra.verify.proof import prove
from infra.verify.theorems import THEOREMS
from tests.support.graphs import context, graph

BUCKET = "oci:ObjectStorage/bucket:Bucket"
COPY = "oci:ObjectStorage/replicationPolicy:ReplicationPolicy"
RULE = "oci:Core/networkSecurityGroupSecurityRule:NetworkSecurityGroupSecurityRule"


def edited(found, node):
    """The graph with a resource in place of that of its URN, or besides."""
    return Graph({**found.nodes, node.urn: node}, found.gone)


def change(found, random):
    """A graph with one thing changed: an input, its kind, a provider, a resource more or less, who comes from where."""
    node, other = random.sample(list(found.nodes.values()), 2)
    name = random.choice(sorted(node.inputs) or [""])
    value = node.inputs.get(name)
    kinds = {True: 1, False: 0}
    ways = (
        {"inputs": {**node.inputs, name: other.inputs.get(name, "eu-frankfurt-1")}},
        {"inputs": {**node.inputs, name: UNKNOWN}},
        {"inputs": {**node.inputs, name: kinds[value] if isinstance(value, bool) else value, "more": 1}},
        {"provider": random.choice(found.of("pulumi:providers:oci", "pulumi:providers:aws")).urn},
        {"urn": f"{node.urn}-more", "name": f"{node.name}-more"},
        {"sources": {}, "protect": not node.protect},
        {"source": "elsewhere.py:1", "op": "update", "old": node},
    )
    if random.random() < 1 / 8:
        nodes = {urn: it for urn, it in found.nodes.items() if urn != node.urn}
        return Graph(nodes, (*found.gone, replace(node, op=random.choice(["delete", "replace"]))))
    return edited(found, replace(node, **random.choice(ways)))


@pytest.mark.parametrize("seed", range(3))
def test_a_proof_after_changes_is_the_whole_proof(seed):
    """After each of some random changes, on top of each other and taken back, to the last word and certificate.

    It does not say that a whole proof is right: that is for the second deciders.
    """
    random = Random(seed)  # noqa: S311 (nobody has to guess it)
    prover, start = incremental.Prover(), graph("sandbox")
    found, answers = start, set()
    for _ in range(10):
        found = start if random.random() < 0.2 else change(found, random)
        proof = prover.prove(context("sandbox", found))
        assert proof.verdicts == prove(context("sandbox", found)).verdicts
        assert [it.certificate for it in proof.verdicts] == [it.certificate for it in prove(proof.context).verdicts]
        answers.add(proof.answer)
    assert len(answers) > 1 or "PROVED" not in answers


def decided(monkeypatch, prover, found, **more: object):
    """The theorems, and of those asked type by type how many parts, that are decided for a graph."""
    asked = {}

    def counting(theorem, whole):
        def decide(on):
            asked[theorem.ID] = asked.get(theorem.ID, 0) + 1
            return whole(on)

        return decide

    with monkeypatch.context() as patched:
        for theorem in THEOREMS:
            patched.setattr(theorem, "decide", counting(theorem, theorem.decide))
        prover.prove(context("sandbox", found, **more))
    return asked


def test_only_what_reads_a_change_is_decided_again(monkeypatch):
    """Nothing where nothing changed; the network, and one part of the theorems on everything, for a security rule."""
    prover, start = incremental.Prover(), graph("sandbox")
    assert set(decided(monkeypatch, prover, start)) == {theorem.ID for theorem in THEOREMS}
    assert decided(monkeypatch, prover, start) == {}
    rule = start.of(RULE)[0]
    found = edited(start, replace(rule, inputs={**rule.inputs, "description": "another"}))
    again = decided(monkeypatch, prover, found)
    assert (again["T1"], again["T4"], again["T8"]) == (1, 1, 1)
    assert not {"T2", "T3", "T6", "T7"} & set(again)


@pytest.mark.parametrize("cloud", ["oci", "aws"])
def test_a_provider_moves_what_stands_under_it_and_its_version_does_not(monkeypatch, cloud):
    """Another region, owner or tenancy: the whole proof's verdicts. Another version: the provider's own parts only.

    Whom a provider of AWS acts as is one more of them: access asks for it, and nothing below.
    """
    prover, start = incremental.Prover(), graph("sandbox")
    prover.prove(context("sandbox", start))
    provider = start.of(f"pulumi:providers:{cloud}")[-1]
    places = [{"region": it} for it in ("eu-frankfurt-1", "us-phoenix-1", "us-east-1", None, 1)]
    for place in (*places, {"allowedAccountIds": '["999999999999"]'}, {"tenancyOcid": "ocid1.tenancy.oc1..other"}):
        found = context("sandbox", edited(start, replace(provider, inputs={**provider.inputs, **place})))
        assert prover.prove(found).verdicts == prove(found).verdicts
    prover.prove(context("sandbox", start))
    newer = edited(start, replace(provider, inputs={**provider.inputs, "version": "99.0.0"}))
    again = decided(monkeypatch, prover, newer)
    assert again == {"T1": 1, "T8": 1} | ({"T5": 1} if cloud == "aws" else {})


def test_what_is_read_again_from_a_file_is_the_same(monkeypatch):
    """Resources are the same by what they say, not by which objects they are."""
    prover, start = incremental.Prover(), graph("sandbox")
    prover.prove(context("sandbox", start))
    copied = Graph({urn: replace(node, inputs=dict(node.inputs)) for urn, node in start.nodes.items()})
    assert decided(monkeypatch, prover, copied) == {}


def test_one_is_not_true(monkeypatch):
    """Python holds 1 and `true` for equal; a provider would not, and the type is decided again."""
    prover, start = incremental.Prover(), graph("sandbox")
    prover.prove(context("sandbox", start))
    node = next(it for it in start.of(BUCKET) if True in it.inputs.values())
    numbers = {name: 1 if value is True else value for name, value in node.inputs.items()}
    assert replace(node, inputs=numbers) == node
    assert decided(monkeypatch, prover, edited(start, replace(node, inputs=numbers)))["T8"] == 1


def test_another_day_is_another_proof(monkeypatch):
    """An expiry may have passed: everything is decided again."""
    prover, start = incremental.Prover(), graph("sandbox")
    found = context("sandbox", start)
    prover.prove(found)
    later = decided(monkeypatch, prover, start, as_of=found.as_of + timedelta(days=1))
    assert set(later) == {theorem.ID for theorem in THEOREMS}


NOTES = {
    "by type": ("of", lambda self, *types: self._graph.of(*types)),
    "by text": ("called", lambda self, type_, property_, value: self._graph.called(type_, property_, value)),
}
"""Ways to look something up that note nothing."""


@pytest.mark.parametrize(("method", "blind"), [*NOTES.values()], ids=[*NOTES])
def test_without_notes_a_change_would_be_missed(monkeypatch, method, blind):
    """The deliberate breaks: a copy that is led abroad, or whose target gets another name, would stay proved."""
    start = graph("sandbox")
    (copy, *_) = start.of(COPY)
    leaks = {
        "of": edited(start, replace(copy, inputs={**copy.inputs, "destinationRegionName": "eu-frankfurt-1"})),
        "called": edited(start, other_name(start.called(BUCKET, "name", copy.inputs["destinationBucketName"])[0])),
    }
    answers = []
    for broken in (False, True):
        with monkeypatch.context() as patched:
            if broken:
                patched.setattr(incremental.Watched, method, blind)
            prover = incremental.Prover()
            prover.prove(context("sandbox", start))
            answers.append(prover.prove(context("sandbox", leaks[method])).verdicts[1].answer)
    assert answers == ["REFUTED", "PROVED"]


def other_name(bucket):
    """A bucket under another name."""
    return replace(bucket, inputs={**bucket.inputs, "name": "another"})


def test_what_is_only_a_source_may_change_but_for_its_type(monkeypatch):
    """T8 reads of what an unknown value comes from the type alone: with another type it is decided again."""
    prover, start = incremental.Prover(), graph("sandbox")
    prover.prove(context("sandbox", start))
    key = start.of("oci:Kms/key:Key")[0]
    found = edited(start, replace(key, inputs={**key.inputs, "displayName": "another"}))
    assert decided(monkeypatch, prover, found)["T8"] == 1
    turned = edited(start, replace(key, type="oci:Kms/vault:Vault"))
    assert decided(monkeypatch, prover, turned)["T8"] > 2
    assert prover.prove(context("sandbox", turned)).verdicts == prove(context("sandbox", turned)).verdicts
