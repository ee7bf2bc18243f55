"""The program as an engine runs it: what it refuses, when, and in which words."""

import copy
from datetime import date
from typing import Any

import pulumi
import pytest

from infra import program
from infra.program import main
from tests.support import programs
from tests.support.programs import AS_OF, configuration, shipped
from tests.support.recorder import Recorded, record

DEPLOYMENT = "usdata:deployment"


def refused(as_of: date = AS_OF, **options: Any) -> str:
    """The text of the error with which the program stops; it must not have registered anything but the stack."""
    seen: list[Recorded] = []
    with pytest.raises(pulumi.RunError) as caught:
        record(lambda: main(as_of), preview=True, seen=seen, **options)
    assert [resource.type for resource in seen[0].resources.values()] == ["pulumi:pulumi:Stack"]
    return str(caught.value)


def test_an_engine_value_that_is_not_the_files_is_refused():
    """What `-c` or another configuration file would change shows as a finding, and nothing is registered."""
    config = copy.deepcopy(configuration("sandbox"))
    config[DEPLOYMENT]["organization"] = "other"
    text = refused(stack="sandbox", config=config)
    assert text.startswith("usdata: 1 problem in stacks/Pulumi.sandbox.yaml; nothing was planned.\n")
    assert "the engine has 'other'" in text
    assert "Traceback" not in text


def test_a_stack_without_a_file_is_refused_by_name():
    """The text names the stacks that have one."""
    text = refused(stack="us-prd")
    assert "us-prod" in text
    assert "Traceback" not in text


def test_a_day_on_which_something_has_expired_is_refused():
    """The day counts, not the clock: on the day of `expires` it is too late."""
    text = refused(date(2027, 3, 31), stack="sandbox", config=configuration("sandbox"))
    assert text.count("2027-03-31, which is today") == 2


def test_without_a_day_it_is_today(monkeypatch):
    """The entry point reads the clock, in UTC, and nothing below it does."""
    days = []

    def plan(stack: str, as_of: date, *_: object) -> None:
        days.append((stack, as_of))
        raise pulumi.RunError("enough")

    monkeypatch.setattr(program, "_plan", plan)
    before = program.datetime.now(program.UTC).date()
    with pytest.raises(pulumi.RunError, match="enough"):
        record(main, preview=True, stack="sandbox")
    ((stack, day),) = days
    assert stack == "sandbox"
    assert before <= day <= program.datetime.now(program.UTC).date()


def test_the_program_at_the_root_is_this_one():
    """`pulumi` runs `__main__.py`, which does nothing but call `main`."""
    assert (programs.ROOT / "__main__.py").read_text() == "from infra.program import main\n\nmain()\n"


@pytest.mark.parametrize("stack", ["sandbox", "us-prod"])
def test_outputs_are_the_default_stores_and_what_answers_users(stack):
    """Every address lies in the primary region of the stack file, and in the tenancy's namespace."""
    deployment: Any = configuration(stack)[DEPLOYMENT]
    (primary,) = (name for name, region in deployment["oci"]["regions"].items() if region["role"] == "primary")
    outputs = shipped(stack, preview=False).outputs
    assert outputs.keys() == {"audit", "defaultStore", "edges", "hostnames", "legacySites", "storageRoles", "zone"}
    assert outputs["audit"] == {name: deployment["audit"][name] for name in ("retentionDays", "lockOn")}
    stores = outputs["defaultStore"]
    assert {name: sorted(shards) for name, shards in stores.items()} == {
        name: [str(number) for number in range(dataset.get("shards", 1))]
        for name, dataset in deployment["datasets"].items()
    }
    for shards in stores.values():
        for address in shards.values():
            assert address.keys() == {"region", "namespace", "bucket", "endpoint", "key"}
            assert address["region"] == primary
            assert address["namespace"] == deployment["oci"]["objectStorageNamespace"]
            assert f".{primary}." in address["endpoint"]
