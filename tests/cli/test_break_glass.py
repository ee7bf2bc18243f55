"""`python -m infra break-glass`: an approval is written, signed by two, and shows in the next preview and the matrix.

What an approval grants and what is refused is tested with the kernel (tests/residency/test_break_glass.py).
"""

import json

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from infra.retirement.cli_receipts import attest
from tests.support.receipts import KEYS, SIGNERS

ACCESS = f"""\
    access:
      networks: {{us-office: {{denver: 198.51.100.0/24}}}}
      groups:
        emergency: {{duty: break-glass, network: us-office}}
        auditors: {{duty: audit, network: us-office}}
    audit:
      retentionDays: 365
      lockOn: "2026-12-20"
      subscribers: {{desk: desk@example.com}}
      sealedUsers: {{first: ocid1.user.oc1..aaaaaaaafirst}}
      archive: {{accountId: "444444444444", deployerRole: usdata-log-deployer}}
    legacy:
      signers: {json.dumps(SIGNERS)}
"""
ORDER = ("break-glass", "--group", "emergency", "--dataset", "profiles", "--reason", "an incident")
BEGINS = ("--begins", "2026-11-23T14:00:00Z")


@pytest.fixture
def staffed(project):
    """A project whose stack file has a group with the duty, and two signers."""
    project.edit("    legacy:\n", ACCESS)
    return project


def sign(project, path, name):
    """Sign a file as somebody."""
    key = project.root / f"{name}.pem"
    key.write_bytes(KEYS[name].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return CliRunner().invoke(attest, ["sign", "--key", str(key), str(path)])


def test_two_signatures_let_a_group_read_for_some_hours(staffed):
    """Unsigned and signed once every command is refused; signed twice the matrix has the group, with both moments."""
    out = staffed.out(*ORDER, *BEGINS, "--hours", "2")
    (path,) = (staffed.root / "stacks" / "receipts" / "sandbox" / "break-glass").iterdir()
    assert f"wrote {path.relative_to(staffed.root)}: emergency may read profiles until 2026-11-23 16:00 UTC" in out
    for missing in ("none", "compliance"):
        _, error = staffed.run("access", "--as-of", "2026-11-23", code=2)
        assert f"it needs 2 signers, it has {missing}" in error
        name = "compliance" if missing == "none" else "security"
        told = sign(staffed, path, name)
        assert told.exit_code == 0, told.output
        assert "group emergency may read profiles" in told.output
        assert "because: an incident" in told.output
    document = json.loads(staffed.out("access", "--who", "emergency", "--as-of", "2026-11-23", "--json"))
    (row,) = document["reach"]
    assert (row["dataset"], row["since"], row["until"]) == ("profiles", "2026-11-23T14:00:00Z", "2026-11-23T16:00:00Z")
    shown = next(line for line in staffed.preview().splitlines() if "OPENED" in line)
    assert shown.split() == [
        *(["OPENED", "emergency", "may", "read", "profiles"]),
        *(["from", "2026-11-23", "14:00", "to", "2026-11-23", "16:00", "UTC:", "an", "incident"]),
    ]
    table = staffed.out("access", "--who", "emergency", "--as-of", "2026-11-23")
    assert "2026-11-23T14:00Z to 2026-11-23T16:00Z" in table
    assert json.loads(staffed.out("access", "--who", "emergency", "--as-of", "2026-11-24", "--json"))["reach"] == []


def test_for_machines(staffed):
    """Where it is and when it ends."""
    document = json.loads(staffed.out(*ORDER, *BEGINS, "--json"))
    assert document["ends"] == "2026-11-23T18:00:00+00:00"
    assert (staffed.root / document["approval"]).is_file()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((*ORDER[:2], "auditors", *ORDER[3:]), "there is no group 'auditors' with the duty break-glass"),
        ((*ORDER, "--dataset", "profile"), "did you mean profiles?"),
        ((*ORDER[:-1], "two\nlines"), "that is no reason"),
        ((*ORDER, "--hours", "25"), "25 is not in the range 1<=x<=24"),
    ],
)
def test_what_no_signature_could_mend_is_refused(staffed, words, told):
    """Another duty, no such dataset, a reason of two lines, more than a day: nothing is written."""
    _, error = staffed.run(*words, *BEGINS, code=2)
    assert told in error
    assert not (staffed.root / "stacks" / "receipts").exists()


def test_one_approval_is_not_written_over_another(staffed):
    """The same group and moment twice is refused, since the first may be signed already."""
    staffed.out(*ORDER, *BEGINS)
    _, error = staffed.run(*ORDER, *BEGINS, code=2)
    assert "the approval cannot be written: File exists" in error


def test_a_duty_that_nobody_could_approve_is_refused(staffed):
    """Break-glass without two signers in the stack file is found before an emergency."""
    staffed.edit(json.dumps(SIGNERS), json.dumps({"security": SIGNERS["security"]}))
    _, error = staffed.run("access", code=2)
    assert "access.groups.emergency.duty" in error
    assert "break-glass, and as signers security" in error
