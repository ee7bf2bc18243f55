"""`python -m infra access`: who reaches which data, as a table and for machines.

What the rows are is tested with the kernel (tests/residency/test_access_matrix.py).
"""

import json
import subprocess

import pytest

DUTIES = """\
    access:
      networks: {us-office: {denver: 198.51.100.0/24}}
      groups:
        storage-operators: {duty: storage, network: us-office}
        auditors: {duty: audit, network: us-office}
    legacy:
"""


@pytest.fixture
def staffed(project):
    """A project whose stack file has groups with duties."""
    project.edit("    legacy:\n", DUTIES)
    return project


def table(text):
    """The rows as (who, may, in, from, until, by, because of), by dataset."""
    found, dataset = {}, None
    for line in text.splitlines()[3:]:
        if not line:
            continue
        if line.startswith("By these"):
            break
        if line.startswith("  "):
            found[dataset].append(line.split())
        else:
            dataset = line
            found[dataset] = []
    return found


def line_of(project, text):
    """The line of the stack file that begins with this, counted from 1."""
    lines = project.file.read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.strip().startswith(text))


def test_who_reaches_one_dataset(staffed):
    """Every row of the dataset, with the line of the stack file that brings it about; what is assumed stands below."""
    out = staffed.out("access", "--what", "metrics", "--as-of", "2026-11-23")
    file = "stacks/Pulumi.sandbox.yaml"
    group, site = line_of(staffed, "storage-operators"), line_of(staffed, "virginia:")
    iad, phx = line_of(staffed, "us-ashburn-1:"), line_of(staffed, "us-phoenix-1:")
    here = "us-ashburn-1, us-phoenix-1"
    rows = [
        f"group capacity-planners list, read us-ashburn-1 anywhere 2027-06-30 {file}:{line_of(staffed, 'export')}",
        f"group storage-operators list, read, write, delete {here} us-office {file}:{group}",
        f"role usdata-deployer list virginia (us-east-1) anywhere 2027-03-31 {file}:{site}",
        f"role usds-transfer-virginia list, read virginia (us-east-1) anywhere 2027-03-31 {file}:{site}",
        f"service objectstorage-us-ashburn-1 list, read, write, delete {here} inside Oracle Cloud {file}:{iad}",
        f"service objectstorage-us-phoenix-1 list, read, write, delete us-phoenix-1 inside Oracle Cloud {file}:{phx}",
        f"whomever account 111111111111 lets write, delete virginia (us-east-1) anywhere 2027-03-31 {file}:{site}",
    ]

    assert out.startswith("usdata · stack sandbox · who can reach which data\n\nwho ")
    found = table(out)["metrics (excepted)"]
    assert [row[:-2] + row[-1:] for row in found] == [row.split() for row in rows]
    assert [row[-2] for row in found] == ["[1]", "[2]", "[3]", "[3]", "[4]", "[5]", "[3]"]
    assert "  [1] Allow group capacity-planners to read objects in compartment usds:excepted where all {" in out
    assert "  [3] policy of bucket usds-metrics-use1-111111111111\n" in out
    assert "default Administrators group" in out.partition("Not bound by any policy")[2]
    assert [line for line in out.splitlines() if line != line.rstrip()] == []


def test_who_narrows_without_regard_to_case(staffed):
    """Only those whose name contains the text, in every dataset that they reach."""
    found = table(staffed.out("access", "--who", "STORAGE-OP"))
    assert {dataset: [row[1] for row in rows] for dataset, rows in found.items()} == {
        "metrics (excepted)": ["storage-operators"],
        "profiles (protected)": ["storage-operators"],
    }


def test_nobody_is_said(staffed):
    """An auditor is in no row, and an empty table would be no answer."""
    assert "Nobody: no row fits --who and --what." in staffed.out("access", "--who", "auditors")


def test_for_machines(staffed):
    """One document with the statement of each row and what is assumed."""
    document = json.loads(staffed.out("access", "--who", "storage", "--what", "profiles", "--json"))
    row = next(row for row in document["reach"] if row["who"] == "group storage-operators")

    assert set(document) == {"reach", "assumed"}
    assert row["powers"] == ["list data", "read data", "write data", "delete data"]
    assert row["source"] == f"stacks/Pulumi.sandbox.yaml:{line_of(staffed, 'storage-operators')}"
    assert row["by"].startswith("Allow group storage-operators to {OBJECT_INSPECT, ")
    assert (row["network"], row["until"]) == ("us-office", None)


def test_a_dataset_that_is_not_there(staffed):
    """The nearest one is named, and nothing is printed as an answer."""
    out, error = staffed.run("access", "--what", "profile", code=2)
    assert out == ""
    assert "there is no dataset 'profile'" in error
    assert "did you mean profiles?" in error


def test_a_bad_stack_file(staffed):
    """The findings, as everywhere; exit 2."""
    staffed.edit("duty: audit", "duty: auditor")
    _, error = staffed.run("access", code=2)
    assert "access.groups.auditors.duty" in error
    assert "did you mean audit?" in error


def test_against_another_file(staffed, tmp_path):
    """What is more and what is less than in that file, as sentences with the line that brings it about."""
    old = tmp_path / "old.yaml"
    old.write_text(staffed.file.read_text())
    staffed.edit("denver: 198.51.100.0/24", "denver: 198.51.100.0/25")
    staffed.edit("auditors: {duty: audit", "auditors: {duty: storage")
    out = staffed.out("access", "--against", old, "--what", "profiles", "--as-of", "2026-11-23")
    here, line = "profiles in us-ashburn-1, us-phoenix-1 from us-office", line_of(staffed, "auditors")
    all_ = "list, read, write, delete"
    assert out.splitlines()[2:] == [
        "  More than before:",
        f"    + group auditors may {all_} {here} (198.51.100.0/25)  stacks/Pulumi.sandbox.yaml:{line}",
        "  Less than before:",
        f"    - group storage-operators may no longer {all_} {here} (198.51.100.0/24)",
    ]


def test_against_a_commit(staffed):
    """The stack file of the commit; the same is said to be the same, and for machines there is one document."""
    git(staffed.root, "init", "-q", "-b", "main")
    git(staffed.root, "add", "-A")
    git(staffed.root, "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "-m", "before")
    assert "Nobody can reach more than before, and nobody less." in staffed.out("access", "--against", "main")
    staffed.edit("auditors: {duty: audit", "auditors: {duty: storage")
    words = ("access", "--against", "main", "--who", "auditors", "--what", "profiles", "--json")
    (change,) = json.loads(staffed.out(*words))["changes"]
    assert (change["wider"], change["who"], change["network"]) == (
        True,
        "group auditors",
        "us-office (198.51.100.0/24)",
    )
    assert change["source"] == f"stacks/Pulumi.sandbox.yaml:{line_of(staffed, 'auditors')}"


def git(root, *words: str):
    """Run git on the project."""
    subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True)  # noqa: S603, S607 - a test's own


@pytest.mark.parametrize("reference", ["nowhere", "--output=x", "main branch"])
def test_against_nothing(staffed, reference):
    """What is neither a file nor a commit is refused, and no option reaches git."""
    _, error = staffed.run("access", f"--against={reference}", code=2)
    assert "is nothing to compare with" in error


def test_against_a_bad_file(staffed, tmp_path):
    """Its own findings, under its own name."""
    old = tmp_path / "old.yaml"
    old.write_text(staffed.file.read_text().replace("duty: audit", "duty: auditor"))
    _, error = staffed.run("access", "--against", old, code=2)
    assert f"1 problem in {old}" in error


@pytest.mark.no_cover
def test_a_preview_says_what_is_wider(staffed):
    """Read off the resources: who can do more than now; nothing of it in a preview that gives nobody more."""
    staffed.up()
    assert "wider than before" not in staffed.preview()
    staffed.edit("auditors: {duty: audit", "auditors: {duty: storage")
    told = (
        "group auditors may now list, read, write, delete usds-metrics-iad, usds-metrics-phx, "
        "usds-profiles-iad, usds-profiles-phx from usds-us-office"
    )
    assert f"wider than before:\n    {told}" in staffed.preview()
    assert json.loads(staffed.preview("--json"))["accessWidened"] == [told]
