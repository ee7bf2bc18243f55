"""The fact files are complete, typed and agree with the installed SDKs."""

import json
from pathlib import Path

import pytest

from infra import facts
from infra.facts import Checker, Kind, Origin, load, sdk

FOLDER = Path(load.__file__).parent


def test_every_type_loads():
    """Every fact in the file has a reader, and the number of types is the one that README.md states."""
    loaded = [facts.type_facts(token) for token in facts.known_tokens()]
    assert len(loaded) == 128
    assert all(found is not None and found.origin is Origin.PROVIDER for found in loaded)


def test_an_unknown_fact_is_refused(monkeypatch):
    """A key without a reader is an error, not dropped."""
    raw = {"terraform": "t", "inputs": {"a": {"type": "string", "novelty": 1}}, "outputsOnly": [], "autoname": None}
    monkeypatch.setattr(load, "_provider_properties", lambda: {"x": raw | {"notes": ""}})
    with pytest.raises(KeyError, match="novelty"):
        load.type_facts.__wrapped__("x")


def test_bucket():
    """One type in full, as the file has it."""
    bucket = facts.type_facts("oci:ObjectStorage/bucket:Bucket")
    assert bucket is not None
    assert bucket.autoname == facts.Autoname(property="name", max_length=255, transform=None)
    assert {name for name, known in bucket.inputs.items() if known.force_new} == {"name", "namespace", "storageTier"}
    assert {name for name, known in bucket.inputs.items() if known.required} == {"compartmentId", "namespace"}
    access = bucket.inputs["accessType"]
    assert access.one_of == ("NoPublicAccess", "ObjectRead", "ObjectReadWithoutList")
    assert (access.one_of_by, access.default) == (Checker.SERVICE, "NoPublicAccess")
    rules = bucket.inputs["retentionRules"]
    assert rules.kind is Kind.SET
    assert rules.properties is not None
    assert set(rules.properties) == {
        "displayName",
        "duration",
        "retentionRuleId",
        "timeCreated",
        "timeModified",
        "timeRuleLocked",
    }


def test_unknown_type():
    """A type outside the files has no facts: callers must refuse or say so, not guess."""
    assert facts.type_facts("oci:Nowhere/thing:Thing") is None
    assert facts.oci_flags("oci:Nowhere/thing:Thing") is None


def test_flags_agree_with_full_facts():
    """Where both files hold a property, force-new and computed are equal."""
    compared = 0
    for token in sorted(facts.known_tokens()):
        full, flags = facts.type_facts(token), facts.oci_flags(token)
        if full is None or flags is None:
            continue
        for name in full.inputs.keys() & flags.keys():
            if full.inputs[name].guessed or flags[name].force_new is None:
                continue
            compared += 1
            assert (token, name, full.inputs[name].force_new) == (token, name, flags[name].force_new)
    assert compared > 700


def test_unmatched_inputs_may_replace():
    """An input that the snapshot did not have is marked unknown, not harmless."""
    raw = json.loads((FOLDER / "oci_all_types.json").read_bytes())
    token = next(token for token in sorted(raw) if raw[token].get("unmatched"))
    flags = facts.oci_flags(token)
    assert flags is not None
    assert {flags[name].force_new for name in raw[token]["unmatched"]} == {None}


@pytest.mark.parametrize("token", ["oci:ObjectStorage/bucket:Bucket", "aws:s3/bucket:Bucket", "oci:Kms/key:Key"])
def test_sdk_agrees_with_full_facts(token):
    """Introspection finds the same inputs, required ones and outputs as the file, for types that have both."""
    described, known = sdk.describe(token), facts.type_facts(token)
    assert described is not None
    assert known is not None
    assert set(described.inputs) == set(known.inputs)
    assert {n for n, f in described.inputs.items() if f.required} == {n for n, f in known.inputs.items() if f.required}
    assert described.outputs_only == known.outputs_only


def test_sdk_of_a_type_without_full_facts():
    """Shapes come from the SDK, flags from the upstream schema; nested fields may replace."""
    described = sdk.describe("oci:Adm/remediationRecipe:RemediationRecipe")
    assert described is not None
    assert described.origin is Origin.FLAGS
    network = described.inputs["networkConfiguration"]
    assert network.kind is Kind.OBJECT
    assert network.force_new is False
    assert network.properties is not None
    assert {name: nested.force_new for name, nested in network.properties.items()} == {"nsgIds": None, "subnetId": None}


def test_sdk_without_the_type():
    """No such type, no such package, and a name that is no package at all."""
    assert sdk.describe("oci:Nowhere/thing:Thing") is None
    assert sdk.describe("nosuchcloud:a/b:C") is None
    assert sdk.describe("../x:a/b:C") is None


def test_sdk_aws_may_replace():
    """AWS types outside the file have no flags at all."""
    described = sdk.describe("aws:sqs/queue:Queue")
    assert described is not None
    assert described.origin is Origin.SDK
    assert {known.force_new for known in described.inputs.values()} == {None}
