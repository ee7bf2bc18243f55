"""The workflows: pinned, least privileged, without secrets where a fork's code runs, and calling commands that exist.

GitHub itself is not here: that environments have their reviewers is in the repository's settings, where docs/deploy.md
says what they must be. Linted by zizmor (in the environment) and by actionlint where it is on PATH (a Go module).
"""

import base64
import gzip
import json
import os
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
from infra.evidence.comment import marker
from infra.verify import command_line as proof
from tests.support.programs import ROOT, configuration

FILES = sorted((ROOT / ".github" / "workflows").glob("*.yaml"))
GROUPS = {"infra": main, "infra.deploy": command_line.main, "infra.verify": proof.main}
WRITERS = {
    ("deploy.yaml", "publish"): {"contents": "write"},
    ("preview.yaml", "say"): {"pull-requests": "write", "security-events": "write"},
    ("review.yaml", "say"): {"statuses": "write"},
}
"""The jobs that may write something to the repository, and all that they may."""


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
    for name, job in workflow(path)["jobs"].items():
        writes = WRITERS.get((path.name, name))
        assert job["permissions"] == writes if writes else job["permissions"].items() <= allowed.items()


def test_a_fork_meets_no_secret():
    """What pull requests start has no identity, no secret and no environment, and no workflow runs in a base's name.

    The one job of theirs that writes, a comment, does not run for a fork.
    """
    for path in FILES:
        events = workflow(path)["on"]
        assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(events)
        if "pull_request" in events:
            assert "secrets." not in path.read_text()
            for name, job in workflow(path)["jobs"].items():
                assert "environment" not in job
                if (path.name, name) in WRITERS:
                    assert job["if"].endswith("&& github.event.pull_request.head.repo.full_name == github.repository")
                else:
                    assert job["permissions"] == {"contents": "read"}


def test_who_has_an_identity_is_in_an_environment_and_alone():
    """Every job with a session is protected, bounded in time, and shares one queue with all others that have one."""
    holders = [(path, job) for path in FILES for job in jobs(path) if "id-token" in job["permissions"]]
    assert {path.name for path, _ in holders} == {"deploy.yaml", "drift.yaml", "review.yaml"}
    for path, job in holders:
        assert job["environment"]
        assert job["timeout-minutes"] < 60
        assert "write" not in {v for k, v in job["permissions"].items() if k != "id-token"}
        assert workflow(path)["concurrency"] == {"group": "deploy-us-prod", "cancel-in-progress": False}


def test_who_has_an_identity_is_whom_production_believes():
    """Environments and issuer are the stack file's; every step that acts with the identity is told where it is."""
    deployment = configuration("us-prod")["usdata:deployment"]
    named, told = set(), []
    for path in FILES:
        for job in jobs(path):
            if "id-token" in job["permissions"]:
                named |= set(re.findall(r"'([a-z-]+)'", re.sub(r"== '\w+'", "", str(job["environment"])))) or {
                    job["environment"]
                }
                acts = [
                    step for step in job["steps"] if re.search(r"infra\.deploy (preview|up|drift)", step.get("run", ""))
                ]
                told += [step.get("env", {}).get("AWS_WEB_IDENTITY_TOKEN_FILE") for step in acts]
    assert named == set(deployment["ci"]["environments"].values())
    assert set(told) == {"/home/runner/.oci/aws.token"}
    assert deployment["ci"]["issuer"] == "https://token.actions.githubusercontent.com"
    assert deployment["oci"]["auth"]["method"] == "SecurityToken"
    document = (ROOT / "docs" / "deploy.md").read_text()
    assert [it for it in (*named, deployment["ci"]["issuer"]) if f"`{it}`" not in document] == []


def test_who_writes_to_the_repository_has_no_identity_and_runs_none_of_its_code():
    """The jobs with a write permission check nothing out and install nothing."""
    for file, name in WRITERS:
        job = workflow(ROOT / ".github" / "workflows" / file)["jobs"][name]
        assert "checkout" not in str(job)
        assert "make" not in str(job)


_GH = """\
#!/bin/sh
# The platform's command line, as far as the comment needs it: lists what $COMMENTS holds, notes what it is to write.
case "$*" in
  *--jq*) for word; do :; done; jq --raw-output "$word" < "$COMMENTS" ;;
  *) echo "$*" >> "$WRITTEN" ;;
esac
"""
_BOT, _ISSUE, _OURS = "github-actions[bot]", "repos/o/r/issues/7/comments", "repos/o/r/issues/comments/5"
_POSTED = f"api --silent {_ISSUE} -F body=@preview/comment.md\n"


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not on PATH")
@pytest.mark.parametrize(
    ("there", "new", "written"),
    [
        ([], "new", _POSTED),
        (
            [(5, _BOT, "MARK\nold"), (6, _BOT, "another tool")],
            "new",
            _POSTED.replace(_ISSUE, f"--method PATCH {_OURS}"),
        ),
        ([(8, "somebody", "MARK\nno comment of ours")], "new", _POSTED),
        ([], "", ""),
    ],
    ids=["first", "again", "of somebody else", "no preview"],
)
def test_a_pull_request_has_one_comment(tmp_path, there, new, written):
    """The step's own script: writes one where ours is not there, replaces ours, touches nobody else's.

    The command line of the platform is played; that its answers look like this is not proved here.
    """
    (script,) = [
        step["run"]
        for step in workflow(ROOT / ".github" / "workflows" / "preview.yaml")["jobs"]["say"]["steps"]
        if step.get("name") == "Comment"
    ]
    gh, comments, log = tmp_path / "gh", tmp_path / "comments.json", tmp_path / "written"
    gh.write_text(_GH)
    gh.chmod(0o755)
    log.touch()
    (tmp_path / "preview").mkdir()
    said = [
        {"id": i, "user": {"login": who}, "body": body.replace("MARK", marker("us-prod"))} for i, who, body in there
    ]
    comments.write_text(json.dumps(said))
    (tmp_path / "preview" / "comment.md").write_text(new)
    paths = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "COMMENTS": str(comments), "WRITTEN": str(log)}
    subprocess.run(  # noqa: S603 (a script of ours)
        ["bash", "-e", "-o", "pipefail", "-c", script],  # noqa: S607 (as the runner does)
        cwd=tmp_path,
        env={**paths, "REPOSITORY": "o/r", "PULL": "7", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")},
        check=True,
    )
    assert log.read_text() == written
    assert (tmp_path / "summary").exists() == (not new)


def test_what_is_refused_goes_to_code_scanning(tmp_path):
    """The step's own script sends the log as the platform takes it; where that is off, it says so and goes on."""
    (script,) = [
        step["run"]
        for step in workflow(ROOT / ".github" / "workflows" / "preview.yaml")["jobs"]["say"]["steps"]
        if step.get("name") == "Code scanning"
    ]
    gh = tmp_path / "gh"
    gh.write_text('#!/bin/sh\necho "$*" >> written\nexit "$ENDS"\n')
    gh.chmod(0o755)
    (tmp_path / "preview").mkdir()
    (tmp_path / "preview" / "proof.sarif").write_text('{"runs": []}')
    given = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "REPOSITORY": "o/r", "PULL": "7", "COMMIT": "c"}
    for ends in ("0", "1"):
        subprocess.run(  # noqa: S603 (a script of ours)
            ["bash", "-e", "-o", "pipefail", "-c", script],  # noqa: S607 (as the runner does)
            cwd=tmp_path,
            env={**given, "ENDS": ends, "GITHUB_STEP_SUMMARY": str(tmp_path / f"summary-{ends}")},
            check=True,
        )
    call = "api --silent repos/o/r/code-scanning/sarifs -f commit_sha=c -f ref=refs/pull/7/merge -F sarif=@log\n"
    assert (tmp_path / "written").read_text() == call * 2
    assert gzip.decompress(base64.b64decode((tmp_path / "log").read_bytes())) == b'{"runs": []}'
    assert [(tmp_path / f"summary-{ends}").exists() for ends in ("0", "1")] == [False, True]


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
        for module, line in re.findall(r"python -m (infra(?:\.deploy|\.verify)?) ([^|>\n]*)", text):
            command, rest = GROUPS[module], line.split()
            while rest and isinstance(command, click.Group) and rest[0] in command.commands:
                command, rest = command.commands[rest[0]], rest[1:]
            options = {option for parameter in command.params for option in parameter.opts}
            assert {word for word in rest if word.startswith("--")} <= options, line
            called.add((module, command.name))
        targets = re.findall(r"^([a-z.][a-z/-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert set(re.findall(r"\bmake (\S+)", text)) <= {*targets, ".venv/deploy"}
    assert {("infra.deploy", name) for name in ("preview", "up", "login", "redact", "drift")} <= called
    assert {("infra", "report"), ("infra", "evidence"), ("infra.verify", "main")} <= called


def test_a_pull_request_is_previewed_once():
    """One run of the program gives preview, proof, comment, page and results."""
    text = (ROOT / ".github" / "workflows" / "preview.yaml").read_text()
    assert re.findall(r"python -m (\S+ \S+)", text) == ["infra report"]
