"""`python -m infra state`: looking into a simulated stack's state, mending it, and states that cannot be used.

Proves that each subcommand does what it says, on the state of a small applied stack, and that whatever stands in a
state file, damaged or foreign, ends in a sentence and an exit code. What an edit does to a state in detail is held to
the real engine's recordings in tests/engine.
"""

import json
import os
import socket
import stat

import pytest

from infra.engine import store

VCN = "urn:pulumi:sandbox::usdata::usdata:index:RegionalNetwork$oci:Core/vcn:Vcn::network-us-ashburn-1"

REPLICATION = "oci:ObjectStorage/replicationPolicy:ReplicationPolicy"
COPY = "profiles-us-ashburn-1-to-us-phoenix-1"
"""A resource that nothing depends on, and that is not protected."""


def resources(project):
    """The records of the state, by URN."""
    exported = json.loads(project.out("state", "export"))
    return {record["urn"]: record for record in exported["deployment"]["resources"]}


def urn_of(project, type_, name):
    """The only URN of a type and a name."""
    (urn,) = [urn for urn in resources(project) if urn.endswith(f"{type_}::{name}")]
    return urn


def test_list(applied):
    """Every resource, for people and for machines, with what is special about it."""
    out = applied.out("state", "list")
    rows = json.loads(applied.out("state", "list", "--json"))

    assert len(out.splitlines()) == len(rows) == len(resources(applied))
    assert {row["urn"] for row in rows} == set(resources(applied))
    (bucket,) = [row for row in rows if row["urn"].endswith("bucket:Bucket::profiles-us-ashburn-1")]
    assert bucket["is"] == ["protected", "retained"]


def test_show_by_urn_and_by_name(applied):
    """A name that only one resource has will do; several are listed; none has a nearest one."""
    urn = urn_of(applied, "DatasetStore", "profiles")

    assert applied.out("state", "show", urn) == applied.out("state", "show", "profiles")
    assert json.loads(applied.out("state", "show", "profiles"))["urn"] == urn
    _, several = applied.run("state", "show", "profiles-us-ashburn-1", code=2)
    assert several.startswith("usdata: 2 resources are called 'profiles-us-ashburn-1'.\n")
    assert several.count("urn:pulumi:sandbox::usdata::") == 2
    _, none = applied.run("state", "show", "profile", code=2)
    assert "did you mean profiles?" in none


def test_protection(applied):
    """Taken off and put on, one by one and all; the next `up` puts it back where the program wants it."""
    holders = {urn for urn, record in resources(applied).items() if record.get("protect")}
    bucket = urn_of(applied, "bucket:Bucket", "profiles-us-ashburn-1")
    everything = len(resources(applied))

    assert applied.out("state", "unprotect", bucket) == f"unprotect: 1 of {everything} resources.\n"
    assert applied.out("state", "protect", bucket) == f"protect: 1 of {everything} resources.\n"
    assert applied.out("state", "unprotect", "--all") == f"unprotect: {len(holders)} of {everything} resources.\n"
    assert not any(record.get("protect") for record in resources(applied).values())
    applied.up()
    assert {urn for urn, record in resources(applied).items() if record.get("protect")} == holders


def test_taint(applied):
    """What is tainted would be replaced, until it is not any more."""
    name = "objectstorage-us-ashburn-1"
    applied.out("state", "taint", urn_of(applied, "policy:Policy", name))

    assert ("replace", "oci:Identity/policy:Policy", name) in applied.steps()
    applied.out("state", "untaint", "--all")
    assert applied.steps() == set()


def test_rename_and_delete(applied):
    """A renamed resource is known by its old name as an alias; a deleted one is forgotten, and stays in the cloud."""
    policy = urn_of(applied, REPLICATION, COPY)
    applied.out("state", "rename", policy, "renamed")
    renamed = urn_of(applied, REPLICATION, "renamed")
    assert policy not in resources(applied)

    applied.out("state", "delete", renamed)
    assert renamed not in resources(applied)
    assert applied.steps() == {("create", REPLICATION, COPY)}


def test_refused_edits_change_nothing(applied):
    """No name, an unknown one, a protected one, one that others depend on, an impossible new name: exit 2 each."""
    before = applied.state.read_bytes()
    bucket = urn_of(applied, "oci:ObjectStorage/bucket:Bucket", "profiles-us-ashburn-1")
    store_urn = urn_of(applied, "DatasetStore", "profiles")
    for words, said in (
        (("protect",), "name at least one URN, or pass --all"),
        (("protect", "profile"), "did you mean profiles?"),
        (("taint", "\x1b[31m"), "no resource '\\x1b[31m' is in the state"),
        (("rename", "nope", "other"), "no resource 'nope' is in the state"),
        (("rename", "profiles", ""), "the new name is no name"),
        (("rename", "profiles", "a\nb"), "given    a\\nb"),
        (("delete", bucket), "--target-dependents"),
        (("delete", bucket, "--target-dependents"), "--force"),
        (("delete", store_urn), "--target-dependents"),
    ):
        _, error = applied.run("state", *words, code=2)
        assert said in error, words
        assert error.startswith("usdata: ")
    assert applied.state.read_bytes() == before


def test_forced_deletion(applied):
    """`--force` and `--target-dependents` do what the refusal says they would."""
    dataset = urn_of(applied, "DatasetStore", "profiles")
    applied.out("state", "delete", dataset, "--force", "--target-dependents")
    assert dataset not in resources(applied)


def test_repair(applied):
    """A state whose resources are out of order and name what is not there is put right; nothing else changes."""
    document = json.loads(applied.state.read_text())
    records = document["deployment"]["resources"]
    records[-1].setdefault("dependencies", []).append(VCN.replace("ashburn", "nowhere"))
    applied.state.write_text(json.dumps(document))
    urns = {record["urn"] for record in records}

    assert applied.out("state", "repair").startswith("repair: ")
    repaired = resources(applied)
    assert set(repaired) == urns
    assert not any("nowhere" in d for record in repaired.values() for d in record.get("dependencies", ()))


def test_export_and_import(applied, tmp_path):
    """What is exported can be imported, and is the same state again; a preview against the file is offline."""
    file = tmp_path / "exported.json"
    assert applied.out("state", "export", "--file", file) == ""
    before = resources(applied)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    applied.out("state", "delete", COPY)
    assert applied.out("state", "import", "--file", file) == (
        f"The state of sandbox now has {len(before)} resources.\n"
    )
    assert resources(applied) == before
    out = applied.preview("--state", file)
    assert "embedded engine, no credentials used · against state " in out
    assert "Nothing was asked of a cloud" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("export", "--file", "/nowhere/state.json"), "/nowhere/state.json cannot be written: No such file"),
        (("import", "--file", "/nowhere/state.json"), "the state file cannot be read: No such file"),
        (("import", "--file", "/"), "the state file cannot be read: Is a directory"),
        (("list", "--stack", "us-prod"), "the state of us-prod is not kept here"),
        (("list", "--stack", "sandbax"), "did you mean sandbox?"),
    ],
)
def test_refused_arguments(applied, words, said):
    """Files that are not there, stacks whose state is elsewhere."""
    _, error = applied.run("state", *words, code=2)
    assert error.startswith("usdata: ")
    assert said in error


FOREIGN = {
    "no JSON": "{",
    "no UTF-8": b"\xff\xfe{",
    "deep nesting": "[" * 100_000,
    "a text": '"x"',
    "null": "null",
    "another version": '{"version": 99, "deployment": {}}',
    "no version": '{"deployment": {}}',
    "an unknown feature": '{"version": 4, "features": ["flying"], "deployment": {}}',
    "features that are maps": '{"version": 3, "features": [{}], "deployment": {}}',
    "resources that are no list": '{"version": 3, "deployment": {"resources": 5}}',
    "a resource that is a number": '{"version": 3, "deployment": {"resources": [1]}}',
    "a resource without a URN": '{"version": 3, "deployment": {"resources": [{"type": "a:b:C"}]}}',
    "inputs that are no map": (
        '{"version": 3, "deployment": {"resources": [{"urn": "urn:pulumi:sandbox::usdata::a:b:C::d",'
        ' "type": "a:b:C", "custom": true, "inputs": [1], "dependencies": 7}]}}'
    ),
    "an unknown operation": '{"version": 3, "deployment": {"pending_operations": [{"type": "fly", "resource": {}}]}}',
    "another project": (
        '{"version": 3, "deployment": {"resources": [{"urn": "urn:pulumi:sandbox::other::a:b:C::d",'
        ' "type": "a:b:C", "custom": false}]}}'
    ),
    "another stack": (
        '{"version": 3, "deployment": {"resources": [{"urn": "urn:pulumi:us-prod::usdata::a:b:C::d",'
        ' "type": "a:b:C", "custom": false}]}}'
    ),
}
"""States that cannot be used, from wherever they come."""


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_unusable_state(project, tmp_path, content):
    """As the stack's own, as one to import and as one to preview against: refused by name, and left as it was."""
    data = content if isinstance(content, bytes) else content.encode()
    project.state.parent.mkdir(parents=True, mode=0o700)
    project.state.write_bytes(data)
    file = tmp_path / "other.json"
    file.write_bytes(data)

    for words in (
        ("preview", "--stack", "sandbox"),
        ("up", "--stack", "sandbox"),
        ("state", "list"),
        ("state", "import", "--file", file),
        ("preview", "--stack", "sandbox", "--state", file),
    ):
        out, error = project.run(*words, code=2)
        assert out == ""
        assert error.startswith("usdata: the state ")
        assert "Traceback" not in error
    assert project.state.read_bytes() == data


@pytest.mark.parametrize("log", ["{", '{"continues": ""}\n{"put": 5}\n', "[]\n", '{"a": 1}\n'])
def test_damaged_log(applied, log):
    """The log of an interrupted run that is none is refused; half a last line never happened."""
    path = applied.state.with_name("sandbox.json.log")
    digest = store._hash(applied.state)
    path.write_text(log.replace('"continues": ""', f'"continues": "{digest}"'))
    if log.endswith("\n"):
        _, error = applied.run("preview", "--stack", "sandbox", code=2)
        assert "is no log of a run" in error
    else:
        assert "Nothing changes" in applied.preview()


def lock_of(applied, content):
    """Write a lock beside the state."""
    path = applied.state.with_name("sandbox.json.lock")
    path.write_text(content)
    return path


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}', '{"pid": "x", "host": 1, "since": 5}'])
def test_lock_of_nobody(applied, content):
    """A lock that names nobody is still a lock; it is never taken for a dead process's."""
    path = lock_of(applied, content)
    _, error = applied.run("up", "--stack", "sandbox", code=1)

    assert "somebody who left no name" in error
    assert path.exists()
    assert applied.out("state", "unlock") == "Unlocked. It was held by somebody who left no name.\n"


def test_lock_of_the_living(applied):
    """A process that runs keeps its lock, even if it is this one."""
    lock_of(
        applied,
        json.dumps(
            {"pid": os.getpid(), "host": socket.gethostname(), "user": "u", "since": "2026-11-23T00:00:00.000000Z"}
        ),
    )
    _, error = applied.run("state", "repair", code=1)
    assert f"process {os.getpid()} of u" in error
