"""Bad and hostile stack files through the real command: exit 2, findings with lines, no traceback, nothing made.

Which rule each breaks, at which path, is in tests/settings/test_bad_files.py; here the same table, and what is no file
at all, go through the whole command line.
"""

import json
import os

import pytest

from tests.settings.test_bad_files import BAD

BEGINS_IN_BACKUP = {"a phase without receipts": {("phase", "legacy.sites.virginia.phase", 33)}}
"""What a command finds beyond the file alone: it knows that nothing is deployed, and a site begins in phase backup."""


def refused(project):
    """What is said about the stack file; what is said for machines must agree with it."""
    out, error = project.run("preview", "--stack", "sandbox", "--as-of", "2026-11-24", "--json", code=2)
    document = json.loads(out)
    assert "Traceback" not in out + error
    assert all(character.isprintable() or character == "\n" for character in error)
    number = len(document["findings"])
    assert error.startswith(
        f"usdata: {number} problem{'s' if number > 1 else ''} in stacks/Pulumi.sandbox.yaml; nothing was planned.\n"
    )
    assert not (project.root / ".sandbox" / "state").exists()
    return document["findings"], error


@pytest.mark.parametrize("case", BAD)
def test_bad_content(project, case):
    """The same findings as the settings give, each with what was given, what is allowed and how to mend it."""
    content, expected = BAD[case]
    project.file.write_bytes(content.encode() if isinstance(content, str) else content)
    findings, error = refused(project)

    assert {(f["rule"], f["path"], f.get("line")) for f in findings} == expected | BEGINS_IN_BACKUP.get(case, set())
    assert error.count("     given    ") == error.count("     allowed  ") == len(findings)


def folder(path):
    """A folder in the file's place."""
    path.mkdir()


def loop(path):
    """A link to itself."""
    path.symlink_to(path.name)


def nothing(path):
    """A link to what is not there."""
    path.symlink_to("nowhere.yaml")


@pytest.mark.parametrize("make", [folder, loop, nothing])
def test_no_file_at_all(project, make):
    """What stands where the file should be cannot be read."""
    project.file.unlink()
    make(project.file)
    findings, _ = refused(project)
    assert [f["rule"] for f in findings] == ["file"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_unreadable(project):
    """A file that may not be read."""
    project.file.chmod(0)
    findings, _ = refused(project)
    assert [f["rule"] for f in findings] == ["file"]


@pytest.mark.parametrize("command", ["up", "refresh", "destroy", "preview", "access"])
def test_every_command_refuses(project, command):
    """Not only a preview reads the file before anything else."""
    project.edit("class: protected", "class: secret")
    _, error = project.run(command, "--stack", "sandbox", code=2)
    assert error.startswith("usdata: 1 problem in stacks/Pulumi.sandbox.yaml; nothing was planned.\n")
