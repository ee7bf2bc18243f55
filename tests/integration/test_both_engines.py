"""The project's own stacks through the real engine and the embedded one: the same steps, and the same states.

What runs with every `make test` is one life of the sandbox stack through both. The campaign, `make both-engines`, also
compares a preview of every edit that a person can make to the stack file, of both shipped stacks, and offline.
What it does not prove: that either engine does the same on real clouds; both see simulated ones.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from infra.residency.holders import data_buckets
from infra.residency.lifecycle import Phase
from infra.sandbox import Action, Fault, Faults
from tests.integration import edits
from tests.integration.comparing import differences, offline_differences, state_differences
from tests.integration.engines import CHECKOUT, Project
from tests.support import beforehand, custody, phases, receipts

if TYPE_CHECKING:
    from tests.integration.ordinary import Played

needs_pulumi = pytest.mark.skipif(
    shutil.which("pulumi") is None, reason="the ordinary command line `pulumi` is not on PATH"
)


@needs_pulumi
@pytest.mark.no_cover
def test_one_life_through_both_engines(tmp_path):
    """Create, nothing, many edits at once, a failure on the way, the rerun, refresh, destroy: the same, step by step.

    Each engine has clouds of its own. Wherever a run succeeds the states are the same afterwards, but for times,
    identifiers of provider instances and the order of dependencies; at the end both clouds hold the same resources.
    """
    real, embedded = Project.made(tmp_path / "real"), Project.made(tmp_path / "embedded")

    def both(command: str, *, fault: dict | None = None) -> tuple[Played, Played]:
        faults = [Faults([Fault(**fault)]) if fault else None for _ in (real, embedded)]
        return real.ordinary(command, faults=faults[0]), embedded.embedded(command, faults=faults[1])

    def same(command: str, *, expected: int = 0, fault: dict | None = None) -> tuple[Played, Played]:
        wanted, got = both(command, fault=fault)
        assert wanted.exit == expected, wanted.errors
        assert differences(wanted, got, real.ordinary_state(), embedded.embedded_state()) == []
        assert expected or state_differences(real.ordinary_state(), embedded.embedded_state()) == []
        return wanted, got

    same("up")
    unchanged, _ = same("preview")
    assert set(unchanged.document["changeSummary"]) == {"same"}

    for project in (real, embedded):
        beforehand.legacy_bucket(project.clouds, "tt-sg-messages-backup")
        project.write(edits.edited(project.deployment, *(edits.EDITS[key] for key in edits.TOGETHER)))
    expected, _ = same("preview")
    assert {"create", "update", "import", "same"} <= set(expected.document["changeSummary"])
    offline = embedded.embedded("preview", state_file=real.export(tmp_path / "exported.json"))
    assert offline_differences(expected, offline) == []

    refusing = {"action": Action.FAIL, "operation": "create", "type": "oci:Core/subnet:Subnet"}
    failed = same("up", expected=1, fault=refusing | {"name": "data-us-chicago-1", "message": "out of capacity"})
    assert any("out of capacity" in message for _, message in failed[0].errors)
    # How much the failed run still did is a race, and so is what is left to the next one; not what they do together.
    rerun = both("up")
    assert [played.exit for played in rerun] == [0, 0]
    assert failed[0].done | rerun[0].done == failed[1].done | rerun[1].done
    assert state_differences(real.ordinary_state(), embedded.embedded_state()) == []
    same("refresh")

    same("destroy", expected=1)  # what holds data is protected
    real.do("state", "unprotect", "--all", "--yes")
    embedded.unprotect()
    assert [played.exit for played in both("destroy")] == [0, 0]
    assert real.ordinary_state().get("resources", []) == embedded.embedded_state().get("resources", []) == []
    assert real.remains() == embedded.remains()
    assert any(kind.endswith(":Bucket") for kind, _, _ in real.remains())


@pytest.fixture(scope="module")
def applied(tmp_path_factory) -> Project:
    """The sandbox stack as it is shipped, applied by the real engine."""
    project = Project.made(tmp_path_factory.mktemp("applied") / "project")
    assert project.ordinary("up").exit == 0
    project.export(project.folder / "exported.json")
    return project


@needs_pulumi
@pytest.mark.campaign
@pytest.mark.parametrize("key", edits.EDITS)
def test_every_edit(applied, tmp_path, key):
    """From one state each edit of the stack file leads to the same preview: both engines, and the embedded one offline.

    Edits that may not be are refused by both with the same findings.
    """
    project = applied.copied(tmp_path / "project")
    project.take_over()
    beforehand.legacy_bucket(project.clouds, "tt-sg-messages-backup")
    project.write(edits.edited(project.deployment, edits.EDITS[key]))
    if key.startswith("ci"):
        beforehand.trust(project.clouds, project.registered())
    wanted = project.ordinary("preview")
    if refusal := project.refusal():
        assert wanted.exit == 1
        assert refusal.strip() in [text for _, text in wanted.errors]
        return
    got = project.embedded("preview")
    assert differences(wanted, got, project.ordinary_state()) == []
    offline = project.embedded("preview", state_file=project.folder / "exported.json")
    assert offline_differences(wanted, offline) == []


@needs_pulumi
@pytest.mark.campaign
def test_every_phase_of_a_legacy_site(tmp_path):
    """From backup to its end, as the runbook has it, with test-signed receipts: previews, updates and states agree.

    Each engine has clouds and a holders lock of its own.
    """
    real, embedded = Project.made(tmp_path / "real"), Project.made(tmp_path / "embedded")
    for project in (real, embedded):
        project.begin_lock()
    states: list[dict] = []  # of both engines, whose provider instances go with a site
    for phase in Phase:
        for project in (real, embedded):
            _move(project, phase)
        wanted, got = real.ordinary("preview"), embedded.embedded("preview")
        assert (wanted.exit, got.exit) == (0, 0), wanted.errors + got.errors
        assert not states or differences(wanted, got, *states) == []
        wanted, got = real.ordinary("up"), embedded.embedded("up")
        assert (wanted.exit, got.exit) == (0, 0), wanted.errors + got.errors
        states += [real.ordinary_state(), embedded.embedded_state()]
        assert differences(wanted, got, *states) == []
        assert state_differences(*states[-2:]) == []
        real.lock(real.export(tmp_path / "real.json"))
        embedded.lock(embedded.embedded_file)
        assert real.had() == embedded.had()


def _move(project: Project, phase: Phase) -> None:
    """Write a phase, what it needs beside it, and its receipts, and lock what is planned then."""
    deployment, had = project.deployment, project.had()
    site = deployment["legacy"]["sites"][phases.SITE]
    site |= {"phase": phase.value, "operatorRole": "retirers"}
    deployment["legacy"]["signers"] = receipts.SIGNERS
    if phases.STEPS[phase]:
        site["confirmCensus"] = receipts.root(data_buckets(had, phases.SITE))
        folder = project.folder / "stacks" / "receipts" / project.stack
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in phases.proof(phase, had).receipts[phases.SITE]:
            (folder / name).write_text(content)
    project.write(deployment)
    project.lock()


@needs_pulumi
@pytest.mark.campaign
def test_a_stack_whose_keys_are_outside(tmp_path):
    """From nothing, applied, and with another secret: both engines say and do the same, and nothing shows the secret.

    The embedded one also without the passphrase's help: offline, against the exported state.
    """
    project = Project.made(tmp_path / "project")
    for name in beforehand.ADOPTED:
        beforehand.legacy_bucket(project.clouds, name)
    project.write(edits.edited(project.deployment, edits.EDITS["keys.vault external"]))
    wanted = project.ordinary("preview")
    assert differences(wanted, project.embedded("preview")) == []
    assert project.ordinary("up").exit == 0
    exported = project.export(tmp_path / "exported.json")
    project.stack_file["config"][custody.SECRET_KEY] = {"secure": custody.SANDBOX_OTHER}
    project.write_file()
    for again in (project.ordinary("preview"), project.embedded("preview", state_file=exported)):
        assert {step["op"] for step in again.document["steps"]} == {"same"}
    for text in (json.dumps(wanted.document), exported.read_text(), json.dumps(project.ordinary_state())):
        assert custody.WORD not in text


PRODUCTION: dict[str, edits.Edit] = {
    "nothing": {},
    "an update": {"oci/regions/us-chicago-1/serviceId": "ocid1.service.oc1.us-chicago-1.aaaaaaaaother"},
    "replacements": {"oci/tenancyId": "ocid1.tenancy.oc1..aaaaaaaaanother"},
    "an adopted bucket": {
        "datasets/voices": {"class": "protected"},
        "legacy/sites/singapore/adopt/voices": "tt-sg-voices-backup",
    },
}
"""Edits of the production stack's file, from its state as it is shipped."""


@pytest.fixture(scope="module")
def production(tmp_path_factory) -> Project:
    """The production stack in a folder of its own, with the buckets that it adopts; nothing is applied."""
    project = Project.made(tmp_path_factory.mktemp("production") / "project", "us-prod")
    for name in (*beforehand.ADOPTED, "tt-sg-voices-backup"):
        beforehand.legacy_bucket(project.clouds, name)
    beforehand.trust(project.clouds)
    return project


@pytest.fixture(scope="module")
def deployed(production, tmp_path_factory) -> Project:
    """The production stack, applied by the real engine to simulated clouds, and its exported state."""
    project = production.copied(tmp_path_factory.mktemp("deployed") / "project")
    assert project.ordinary("up").exit == 0
    project.export(project.folder / "exported.json")
    return project


@needs_pulumi
@pytest.mark.campaign
def test_production_from_nothing(production):
    """What `python -m infra preview --stack us-prod` says offline is what the real engine says on simulated clouds.

    On the real ones `pulumi preview` needs credentials, and checks what no stand-in can.
    """
    assert offline_differences(production.ordinary("preview"), production.embedded("preview")) == []


@needs_pulumi
@pytest.mark.campaign
@pytest.mark.parametrize("edit", PRODUCTION.values(), ids=PRODUCTION)
def test_production_against_an_exported_state(deployed, tmp_path, edit):
    """What `python -m infra preview --stack us-prod --state exported.json` says is what `pulumi preview` says."""
    project = deployed.copied(tmp_path / "project")
    project.write(edits.edited(project.deployment, edit))
    project.lock()
    offline = project.embedded("preview", state_file=project.folder / "exported.json")
    assert offline_differences(project.ordinary("preview"), offline) == []


def test_every_key_has_an_edit():
    """The campaign edits each key that the stack files' documentation names, and no key that it does not."""
    edited = {key.partition(" ")[0] for key in edits.EDITS}
    assert edited == edits.documented_keys(CHECKOUT / "stacks" / "README.md")
