"""`python -m infra access`: who reaches which data, as a table and for machines.

What the rows are is tested with the kernel (tests/residency/test_access_matrix.py).
"""

import json

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
    """The rows as (who, may, in, from, until, because of), by dataset."""
    found, dataset = {}, None
    for line in text.splitlines()[3:]:
        if not line:
            continue
        if line.startswith("Not bound"):
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
    assert table(out) == {"metrics (excepted)": [row.split() for row in rows]}
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
