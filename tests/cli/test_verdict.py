"""The proof in every preview and before every update, through the command that people type.

Proves that it is asked, told and heeded; what it finds is for the tests of `infra.verify`.
"""

import json

import pytest

from components import primary_storage


@pytest.fixture
def leaking(project, monkeypatch):
    """A project whose program has a component that would replicate abroad."""
    module = primary_storage.oci.objectstorage
    real = module.ReplicationPolicy

    def abroad(logical, /, **args: object):
        return real(logical, **args | {"destination_region_name": "eu-frankfurt-1"})

    monkeypatch.setattr(module, "ReplicationPolicy", abroad)
    return project


def test_a_preview_begins_with_the_verdict(project):
    """All theorems, how much they are about, and the certificate; the same for machines."""
    out = project.preview()
    assert "\n\n  RESIDENCY  PROVED    " in out
    assert " theorems · " in out
    assert "certificate sha256:" in out
    residency = json.loads(project.preview("--json"))["residency"]
    assert {it["answer"] for it in residency["theorems"]} == {"PROVED"}
    assert "RESIDENCY" not in project.preview("--exclude", "**Bucket::profiles-us-phoenix-1")


@pytest.mark.no_cover
def test_a_leak_is_told_and_nothing_is_applied(leaking):
    """A preview that is refuted exits with 1, and so does an update, which leaves no state."""
    out = leaking.preview(code=1)
    assert "  RESIDENCY  REFUTED   T2 copies" in out
    assert "  usds-profiles-iad would be copied to eu-frankfurt-1 (Frankfurt, DE)." in out
    assert "components/primary_storage.py:" in out
    told, error = leaking.run("up", "--stack", "sandbox", "--as-of", "2026-11-23", "--json", code=1)
    assert json.loads(told)["residency"]["answer"] == "REFUTED"
    assert error.endswith("Nothing was applied.\n")
    assert leaking.steps(code=1) == leaking.steps(code=1)
    assert not [it for it in leaking.steps(code=1) if it[0] != "create"]


def test_what_is_undecided_is_not_applied(project, monkeypatch):
    """A property that nobody has looked at yet: exit 3, and nothing is there afterwards."""
    module = primary_storage.oci.objectstorage
    real = module.Bucket
    monkeypatch.setattr(module, "Bucket", lambda logical, /, **args: real(logical, **args | {"metadata": {"x": "y"}}))
    out = project.run("up", "--stack", "sandbox", "--as-of", "2026-11-23", code=3)[1]
    assert "  RESIDENCY  UNDECIDED T8 completeness" in out
    assert "profiles-us-ashburn-1 has metadata, which no list of oci:ObjectStorage/bucket:Bucket has." in out
    assert out.endswith("Nothing was applied.\n")
