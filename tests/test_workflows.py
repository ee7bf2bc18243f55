"""The workflows: pinned, least privileged, without secrets where a fork's code runs, and calling commands that exist.

GitHub itself is not here: that environments have their reviewers is in the repository's settings, where docs/deploy.md
says what they must be. Linted by zizmor (in the environment) and by actionlint where it is on PATH (a Go module).
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

from infra.cli import main
from infra.deploy import command_line
from tests.support.programs import ROOT

FILES = sorted((ROOT / ".github" / "workflows").glob("*.yaml"))
GROUPS = {"infra": main, "infra.deploy": command_line.main}


def workflow(path):
    """A workflow; YAML 1.1 reads its key `on` as true."""
    found = yaml.safe_load(path.read_text())
    return {"on" if key is True else key: value for key, value in found.items()}


def jobs(path):
    """Its jobs."""
    return workflow(path)["jobs"].values()


def unpinned(text):
    """Every action that is not pinned by the digest of a commit, with its tag said beside it."""
    used = re.findall(r"^\s*(?:- )?uses: *(.*)$", text, re.MULTILINE)
    return [it for it in used if not re.fullmatch(r"[\w-]+/[\w/-]+@[0-9a-f]{40} # v[0-9.]+", it)]


def zizmor(*words: object):
    """What zizmor, offline, says."""
    return subprocess.run(  # noqa: S603 (a tool of the environment)
        [str(Path(sys.executable).parent / "zizmor"), "--offline", "--persona", "pedantic", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_five_are_there():
    """No other one, and none under another ending."""
    assert {path.name for path in (ROOT / ".github").rglob("*") if path.is_file()} == {
        "deploy.yaml", "drift.yaml", "preview.yaml", "review.yaml", "test.yaml"
    }  # fmt: skip


def test_zizmor_finds_nothing():
    """In its strictest persona, all files at once."""
    done = zizmor(ROOT / ".github" / "workflows")
    assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor_finds_an_action_by_its_tag(tmp_path):
    """The check can fail: one digest less, one finding, by name."""
    text = (ROOT / ".github" / "workflows" / "test.yaml").read_text()
    (tmp_path / "test.yaml").write_text(re.sub(r"@[0-9a-f]{40} # (v[0-9.]+)", r"@\1", text))
    done = zizmor(tmp_path / "test.yaml")
    assert done.returncode != 0
    assert "unpinned-uses" in done.stdout


@pytest.mark.skipif(shutil.which("actionlint") is None, reason="actionlint is not on PATH; it is a Go module")
def test_actionlint_finds_nothing():
    """Syntax, expressions and shell."""
    done = subprocess.run(["actionlint", *map(str, FILES)], capture_output=True, text=True, check=False)  # noqa: S603, S607
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_action_is_pinned_by_digest(path):
    """Forty digits and the version that they were looked up for; a tag, a branch or a short digest is not that."""
    text = path.read_text()
    assert unpinned(text) == []
    for worse in ("actions/checkout@v7", "actions/checkout@3d3c42e # v7.0.1", "./action", "docker://image:1"):
        assert unpinned(f"{text}\n      - uses: {worse}\n") == [worse]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_is_granted_by_default(path):
    """No permission for the workflow; each job names its own; none has more than these."""
    assert workflow(path)["permissions"] == {}
    allowed = {"actions": "read", "contents": "read", "id-token": "write", "pull-requests": "read", "statuses": "read"}
    written = {"publish": {"contents": "write"}, "say": {"statuses": "write"}}
    for name, job in workflow(path)["jobs"].items():
        assert job["permissions"].items() <= (allowed | written.get(name, {})).items()


def test_a_fork_meets_no_secret():
    """What pull requests start has no identity, no secret and no environment, and no workflow runs in a base's name."""
    for path in FILES:
        events = workflow(path)["on"]
        assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(events)
        if "pull_request" in events:
            assert "secrets." not in path.read_text()
            for job in jobs(path):
                assert job["permissions"] == {"contents": "read"}
                assert "environment" not in job


def test_who_has_an_identity_is_in_an_environment_and_alone():
    """Every job with a session is protected, bounded in time, and shares one queue with all others that have one."""
    holders = [(path, job) for path in FILES for job in jobs(path) if "id-token" in job["permissions"]]
    assert {path.name for path, _ in holders} == {"deploy.yaml", "drift.yaml", "review.yaml"}
    for path, job in holders:
        assert job["environment"]
        assert job["timeout-minutes"] < 60
        assert "write" not in {v for k, v in job["permissions"].items() if k != "id-token"}
        assert workflow(path)["concurrency"] == {"group": "deploy-us-prod", "cancel-in-progress": False}


def test_who_writes_to_the_repository_has_no_identity_and_runs_none_of_its_code():
    """The two jobs with a write permission check nothing out and install nothing."""
    for name in ("publish", "say"):
        (job,) = [job for path in FILES for key, job in workflow(path)["jobs"].items() if key == name]
        assert "checkout" not in str(job)
        assert "make" not in str(job)


def test_no_value_of_an_event_enters_a_shell():
    """Expressions stand in `env` and `with`; a script reads variables."""
    for path in FILES:
        for job in jobs(path):
            assert not [step for step in job["steps"] if "${{" in step.get("run", "")]


def test_commands_are_there():
    """Each command of this project that a workflow calls exists, with the options that it is given."""
    called = set()
    for path in FILES:
        text = path.read_text().replace("\\\n", " ")
        for module, line in re.findall(r"python -m (infra(?:\.deploy)?) ([^|>\n]*)", text):
            command, rest = GROUPS[module], line.split()
            while rest and isinstance(command, click.Group) and rest[0] in command.commands:
                command, rest = command.commands[rest[0]], rest[1:]
            options = {option for parameter in command.params for option in parameter.opts}
            assert {word for word in rest if word.startswith("--")} <= options, line
            called.add((module, command.name))
        targets = re.findall(r"^([a-z.][a-z/-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert set(re.findall(r"\bmake (\S+)", text)) <= {*targets, ".venv/deploy"}
    assert {("infra.deploy", name) for name in ("preview", "up", "login", "redact", "drift")} <= called
