"""What every command has in common: help, mistakes, exit codes, colours, machines, and what is missing on a machine.

Proves the command line's own behaviour. What a run does to a stack is in test_life.py, states in test_state_command.py.
"""

import io
import json
import os
import pty
import subprocess
import sys
from types import SimpleNamespace

import click
import pytest

from infra.cli import doctor, main, workspace
from infra.cli.refusal import Exit
from infra.engine.display import paper_for
from infra.engine.options import Exit as EngineExit
from infra.residency.security_zones import SecurityPolicy
from infra.sandbox.oci.security_zones import CATALOGUE
from tests.cli.project import HERE


def commands(group=main, words=()):
    """Every command as the words that name it, groups included."""
    yield words
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*words, name))
        else:
            yield (*words, name)


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_help(project, words):
    """Says what it is for, what its options mean, and what each exit code means; in a line that is not cut."""
    out = project.out(*words, "--help")

    assert out.startswith("Usage: ")
    assert "0 done or proved; 1 refuted" in " ".join(out.split()) or words[0] in {"state", "access"}
    first = out.split("\n\n")[1].split("\n")[0]
    assert first.strip()


def test_a_group_shows_its_commands_whole(project):
    """No summary of a command is cut off in the middle."""
    for words in ((), ("state",)):
        assert "..." not in project.out(*words, "--help").split("Commands:")[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("prevew",), "there is no command 'prevew': did you mean preview?"),
        (("state", "unprotec"), "there is no command 'unprotec': did you mean unprotect?"),
        (("zzz",), "there is no command 'zzz': preview, up, refresh, destroy"),
        (("preview", "--paralel", "3"), "Did you mean '--parallel'?"),
        (("preview", "--stack", "sandbox", "--parallel", "0"), "Invalid value for '--parallel'"),
        (("preview", "--stack", "sandbox", "--parallel", "many"), "'many' is not a valid int"),
        (("preview", "--stack", "sandbox", "more"), "unexpected extra argument (more)"),
        (
            ("preview", "--stack", "sandbox", "--as-of", "2026-02-30"),
            "'2026-02-30' is no day; write it as in 2026-11-23",
        ),
        (("preview", "--stack", "sandbox", "--as-of", "20261123"), "'20261123' is no day"),
        (("preview",), "no stack is named; write --stack NAME"),
        (("preview", "--stack", "sandox"), "did you mean sandbox?"),
        (("preview", "--stack", "../../etc/passwd"), "there is no stack '../../etc/passwd'"),
        (("preview", "--stack", "a\x1b[31m\nb"), "given    a\\x1b[31m\\nb"),
        (("up", "--stack", "us-prod"), "pulumi up -s us-prod"),
        (("refresh", "--stack", "us-prod"), "pulumi refresh -s us-prod"),
        (("destroy", "--stack", "us-prod", "--yes"), "pulumi destroy -s us-prod"),
        (("up", "--stack", "sandbox", "--plan", "/nowhere"), "the plan file cannot be read: No such file"),
        (("up", "--stack", "sandbox", "--plan", "/"), "the plan file cannot be read: Is a directory"),
        (("preview", "--stack", "us-prod", "--state", "/nowhere"), "the state file cannot be read: No such file"),
    ],
)
def test_mistakes_are_bad_input(project, words, said):
    """Exit 2, nothing on standard output, one sentence and no control character on standard error; nothing is made."""
    out, error = project.run(*words, code=2)

    assert out == ""
    assert said in error
    assert "\x1b" not in error
    assert not (project.root / ".sandbox" / "state").exists()


@pytest.mark.parametrize(
    "content", ["{", "[]", "{}", '{"resourcePlans": 5}', '{"resourcePlans": {"urn": 7}}', "[" * 99_999]
)
def test_damaged_plan(project, tmp_path, content):
    """A plan file that is none is refused before anything runs."""
    plan = tmp_path / "plan.json"
    plan.write_text(content)
    _, error = project.run("up", "--stack", "sandbox", "--plan", plan, code=2)
    assert error.startswith("usdata: the plan file is ")


def test_a_refusal_for_machines(project):
    """`--json` says it on standard output too: findings with path, line, given, allowed and fix; other refusals."""
    project.edit("us-phoenix-1:", "us-gov-phoenix-1:")
    document = json.loads(project.run("preview", "--stack", "sandbox", "--json", code=2)[0])

    assert document["file"] == "stacks/Pulumi.sandbox.yaml"
    assert [(f["rule"], f["path"], f["line"]) for f in document["findings"]] == [
        ("region", "oci.regions.us-gov-phoenix-1", 11)
    ]
    other = json.loads(project.run("preview", "--stack", "nope", "--json", code=2)[0])
    assert other["error"] == "there is no stack 'nope'"


def test_exit_codes():
    """The command line's are the engine's, and those that the help names."""
    assert {int(code) for code in Exit} == {0, 1, 2, 3, 7}
    assert {int(code) for code in EngineExit} <= {int(code) for code in Exit}


def test_the_folder_of_the_simulated_clouds_cannot_be_made(project):
    """A file stands where the folder should be (as root, a folder that may not be written to cannot be tested)."""
    (project.root / ".sandbox").write_text("")
    for words in (("preview", "--stack", "sandbox"), ("state", "list")):
        _, error = project.run(*words, code=2)
        assert error.startswith("usdata: the folder for the simulated clouds cannot be made: ")


def test_damaged_simulated_clouds(applied):
    """The clouds' own file is no database: a failed run and a sentence, no traceback."""
    (applied.root / ".sandbox" / "clouds.sqlite").write_text("no database" * 1000)
    out, error = applied.run("refresh", "--stack", "sandbox", code=1)
    assert "Traceback" not in out + error
    assert "clouds.sqlite" in out


@pytest.mark.parametrize(("text", "said"), [("[", "cannot be read"), ("- a", "holds no map")])
def test_damaged_project_file(project, text, said):
    """Pulumi.yaml is read too, and can be bad too."""
    (project.root / "Pulumi.yaml").write_text(text)
    assert f"usdata: Pulumi.yaml {said}" in project.run("preview", "--stack", "sandbox", code=2)[1]


def test_without_the_packages():
    """A Python that has nothing installed is told what to do, with exit 2 and no traceback."""
    done = subprocess.run(
        [sys.executable, "-S", "-m", "infra", "preview"], cwd=HERE, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "does not have the packages click, pulumi" in done.stderr
    assert "make preview" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_imports_no_sdk():
    """Help and mistakes answer at once: neither the SDKs nor the engine's parts are imported for them."""
    code = (
        "import sys\nfrom infra.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print({m.partition('.')[0] for m in sys.modules} & {'pulumi', 'pulumi_oci', 'pulumi_aws', 'grpc', 'yaml'})"
    )
    done = subprocess.run(  # noqa: S603 (this Python)
        [sys.executable, "-c", code], cwd=HERE, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "set()"


def test_colours_only_on_a_terminal(monkeypatch):
    """A pipe has neither colours nor a width; a terminal has both; NO_COLOR takes the colours away."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    main_end, end = pty.openpty()
    with os.fdopen(end, "w") as terminal, os.fdopen(main_end):
        assert paper_for(terminal).colour
        monkeypatch.setenv("NO_COLOR", "1")
        assert not paper_for(terminal).colour
    assert not paper_for(io.StringIO()).colour
    assert paper_for(io.StringIO()).width is None


def test_destroy_asks_on_a_terminal(applied, monkeypatch):
    """Anything but yes deletes nothing."""
    monkeypatch.setattr("infra.cli.app.sys", SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True), exit=sys.exit))
    before = applied.state.read_bytes()

    out, error = applied.run("destroy", "--stack", "sandbox", input_="n\n", code=2)
    assert "Delete everything that stack sandbox has?" in out
    assert "Nothing was deleted." in error
    assert applied.state.read_bytes() == before


def rows(project, *words: object, code=0):
    """What the doctor finds, by subject."""
    return {row["subject"]: row for row in json.loads(project.out("doctor", *words, "--json", code=code))}


def test_doctor_of_the_sandbox(project, monkeypatch):
    """Everything is there; the ordinary command line is optional; a bad stack file is what is missing."""
    monkeypatch.setenv("PATH", "/nowhere")
    assert {row["verdict"] for row in rows(project).values()} == {"ok", "optional"}
    assert rows(project)["pulumi"]["verdict"] == "optional"
    assert project.out("doctor").startswith("usdata: stack sandbox has what it needs.\n")

    project.edit("class: protected", "class: secret")
    assert rows(project, code=2)["stacks/Pulumi.sandbox.yaml"]["found"] == "1 problem"
    assert project.out("doctor", code=2).startswith("usdata: 1 thing missing for stack sandbox.\n")


def test_doctor_of_a_real_stack(project, monkeypatch, tmp_path):
    """Names what the ordinary command line will look for, and how to get each; nothing of it is opened."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "PULUMI_BACKEND_URL"):
        monkeypatch.delenv(name, raising=False)
    for name in ("OCI_CLI_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "/nowhere")
    wanted = {"Oracle Cloud credentials", "AWS credentials", "state backend", "pulumi"}

    found = rows(project, "--stack", "us-prod", code=2)
    assert {subject for subject, row in found.items() if row["verdict"] == "missing"} == wanted
    assert all(found[subject]["fix"] for subject in wanted)

    (tmp_path / "OCI_CLI_CONFIG_FILE").write_text("")
    monkeypatch.setenv("AWS_PROFILE", "deployer")
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://states?token=secret")
    found = rows(project, "--stack", "us-prod", code=2)
    assert {subject for subject, row in found.items() if row["verdict"] == "missing"} == {"pulumi"}
    assert found["state backend"]["found"] == "s3://states"


@pytest.mark.parametrize(
    ("said", "verdict"), [("v3.300.1", "ok"), ("v3.100.0", "missing"), ("", "missing"), ("nonsense", "missing")]
)
def test_doctor_asks_pulumi_for_its_version(project, monkeypatch, tmp_path, said, verdict):
    """Old ones, and ones that say nothing, do not do."""
    program = tmp_path / "pulumi"
    program.write_text(f"#!/bin/sh\necho '{said}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert rows(project, "--stack", "us-prod", code=2)["pulumi"]["verdict"] == verdict


def test_doctor_holds_packages_to_their_pins(project, monkeypatch):
    """A package that is missing, or not the pinned one."""
    monkeypatch.setattr(doctor, "_pins", lambda: {"click": "0.0.1", "no-such-package": "1"})
    found = rows(project, code=2)
    assert found["package click"]["verdict"] == found["package no-such-package"]["verdict"] == "missing"
    assert found["package no-such-package"]["found"] == "not installed"


def test_doctor_resolves_nothing_without_the_package(project, monkeypatch):
    """What to install; the extra that the sentence names is there."""
    monkeypatch.setitem(sys.modules, "oci", None)
    _, error = project.run("doctor", "--stack", "us-prod", "--resolve", code=2)
    assert "--resolve needs the package oci" in error
    assert "--extra lookups" in error
    assert "\nlookups = [" in (HERE / "pyproject.toml").read_text()


class Answers:
    """Stands in for the package `oci`, which is an extra, with what `--resolve` uses of it.

    It shows how answers are compared and failures told, not that Oracle Cloud answers so.
    """

    class FailedError(Exception):
        """Any failure of the package."""

    def __init__(self, *, namespace="axsandbox", credentials=True, reachable=True) -> None:
        failed = self.FailedError

        def from_file(profile_name):
            if not credentials:
                raise failed(f"profile {profile_name} is not there")
            return {"profile": profile_name}

        def get_namespace():
            if not reachable:
                raise failed("no route")
            return SimpleNamespace(data=namespace)

        def network(config):
            name = {"us-ashburn-1": "iad", "us-phoenix-1": "phx"}[config["region"]]
            every = SimpleNamespace(
                id=f"ocid1.service.oc1.{name}.aaaaaaaasandbox",
                cidr_block=f"all-{name}-services-in-oracle-services-network",
            )
            storage = SimpleNamespace(id="other", cidr_block=f"oci-{name}-objectstorage")
            services = [storage, every] if name == "iad" else [storage]
            return SimpleNamespace(list_services=SimpleNamespace(data=services))

        def guard(config):
            assert config["region"] == "us-ashburn-1"
            kinds = ("ACTIVITY", "CONFIGURATION", "THREAT")
            recipes = [
                SimpleNamespace(
                    id=f"ocid1.cloudguarddetectorrecipe.oc1.iad.aaaaaaaasandbox{kind.lower()}",
                    detector=f"IAAS_{kind}_DETECTOR",
                    owner="ORACLE",
                )
                for kind in kinds[:2]
            ]
            cloned = SimpleNamespace(id="cloned", detector="IAAS_THREAT_DETECTOR", owner="CUSTOMER")
            policies = [SimpleNamespace(id=ocid, friendly_name=name) for ocid, name in CATALOGUE.items()]
            return SimpleNamespace(
                list_detector_recipes=SimpleNamespace(data=SimpleNamespace(items=[*recipes, cloned])),
                list_security_policies=SimpleNamespace(data=policies),
            )

        names = ("ServiceError", "RequestException", "ConnectTimeout")
        self.exceptions = SimpleNamespace(
            **dict.fromkeys((*names, "ConfigFileNotFound", "ProfileNotFound", "InvalidConfig"), failed)
        )
        self.config = SimpleNamespace(from_file=from_file)
        self.object_storage = SimpleNamespace(
            ObjectStorageClient=lambda _: SimpleNamespace(get_namespace=get_namespace)
        )
        self.core = SimpleNamespace(VirtualNetworkClient=network)
        self.cloud_guard = SimpleNamespace(CloudGuardClient=guard)
        self.pagination = SimpleNamespace(list_call_get_all_results=lambda listed, **_: listed)


def test_doctor_compares_what_it_looked_up(project, monkeypatch):
    """What is as the file says, and what to write where it is not."""
    monkeypatch.setitem(sys.modules, "oci", Answers(namespace="other"))
    found = rows(project, "--resolve", code=2)

    assert found["oci.regions.us-ashburn-1.serviceId"]["verdict"] == "ok"
    assert found["oci.regions.us-phoenix-1.serviceId"]["found"] == "the region names no such service"
    assert found["oci.objectStorageNamespace"]["fix"] == (
        "write oci.objectStorageNamespace: other (the file says axsandbox)"
    )
    assert not any(subject.startswith("guardrails.") for subject in found)


def test_doctor_looks_up_guardrails_that_the_file_does_not_say_yet(project, monkeypatch):
    """A file that the planner refuses for want of an OCID can be filled in; one that is out of shape cannot."""
    monkeypatch.setitem(sys.modules, "oci", Answers())
    ocids = {name.removeprefix("deny "): ocid for ocid, name in CATALOGUE.items()}
    activity = "ocid1.cloudguarddetectorrecipe.oc1.iad.aaaaaaaasandboxactivity"
    guardrails = (
        f"    guardrails:\n      detectorRecipes: {{activity: {activity}}}\n"
        f"      securityPolicies: {{public_subnets: {ocids['public_subnets']}}}\n"
    )
    project.edit("    legacy:\n", f"{guardrails}    legacy:\n")
    found = rows(project, "--resolve", code=2)

    asked = {subject.removeprefix("guardrails."): row for subject, row in found.items() if "guardrails" in subject}
    assert {subject for subject, row in asked.items() if row["verdict"] == "ok"} == {
        "detectorRecipes.activity",
        "securityPolicies.public_subnets",
    }
    assert {subject for subject in asked if subject.startswith("securityPolicies.")} == {
        f"securityPolicies.{policy}" for policy in SecurityPolicy
    }
    assert asked["securityPolicies.public_buckets"]["fix"] == (
        f"write guardrails.securityPolicies.public_buckets: {ocids['public_buckets']} (the file says nothing)"
    )
    assert "enable Cloud Guard first" in asked["detectorRecipes.threat"]["found"]

    project.edit("organization: usds", "organisation: usds")
    assert "did you mean organization?" in project.run("doctor", "--resolve", code=2)[1]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (Answers(credentials=False), "--resolve needs credentials of Oracle Cloud: profile sandbox is not there"),
        (Answers(reachable=False), "Oracle Cloud did not answer: no route"),
    ],
)
def test_doctor_cannot_look_up(project, monkeypatch, answers, said):
    """Credentials and answers that are missing: exit 2 and a sentence."""
    monkeypatch.setitem(sys.modules, "oci", answers)
    assert said in project.run("doctor", "--resolve", code=2)[1]


def test_stacks_are_simulated_by_name_only():
    """No file, flag or variable makes a real stack a simulated one."""
    assert {"sandbox"} == workspace.SIMULATED
