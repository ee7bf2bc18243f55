"""`python -m infra.sandbox`: looking into the simulated clouds, putting things there, and clearing them."""

import json
import os
import re
import signal

import pytest
from click.testing import CliRunner

from infra import sandbox
from infra.sandbox import command_line
from tests.sandbox.client import ACCOUNT, TENANCY, Client, Refused

VCN = "oci:Core/vcn:Vcn"
BUCKET = "aws:s3/bucket:Bucket"
SEED = ("seed", BUCKET, "tt-backup", "--region", "us-east-1", "--account", ACCOUNT)


@pytest.fixture(autouse=True)
def database(tmp_path, monkeypatch):
    """A file of its own in place of the project's."""
    path = tmp_path / "clouds.sqlite"
    monkeypatch.setattr(command_line, "DATABASE", path)
    return path


def run(*words: str, code: int = 0) -> str:
    """What a command writes."""
    result = CliRunner().invoke(command_line.main, words)
    assert (result.exit_code, result.output) == (code, result.output)
    return result.output


def test_nothing_exists_at_first():
    """And there is nothing to remove."""
    assert run("list") == "nothing exists\n"
    assert run("list", "--region", "us-east-1") == "nothing exists in us-east-1\n"
    assert json.loads(run("list", "--json")) == []
    assert run("reset") == "The simulated clouds were empty already.\n"


def test_a_bucket_that_no_stack_made():
    """It is listed where it is, with its inputs and what it holds, and goes with a reset."""
    assert run(*SEED, "--objects", "3", "--input", "forceDestroy=false") == f"{BUCKET} tt-backup in us-east-1\n"
    assert run("list") == f"aws us-east-1 ({ACCOUNT})\n  Bucket                             tt-backup\n"
    (found,) = json.loads(run("list", "--json"))
    assert (found["account"], found["region"], found["properties"]["forceDestroy"]) == (ACCOUNT, "us-east-1", False)
    assert run("list", "--region", "us-west-2") == "nothing exists in us-west-2\n"
    text = run("reset")
    assert "Removed 1 resource from" in text
    assert "Among them 1 bucket: tt-backup" in text
    assert run("list") == "nothing exists\n"


def test_what_is_only_scheduled_for_deletion_is_listed_as_such(database):
    """A vault that was deleted still exists, and a display name is shown beside the id."""
    run("seed", "oci:Kms/vault:Vault", "v", "--region", "us-ashburn-1", "--account", TENANCY,
        "--input", f"compartmentId={TENANCY}", "--input", "vaultType=DEFAULT")  # fmt: skip
    (vault,) = json.loads(run("list", "--json"))
    with sandbox.serve(database) as servers:
        client = Client(servers.addresses["oci"], {"region": "us-ashburn-1", "tenancyOcid": TENANCY})
        client.delete(vault["type"], vault["id"], vault["properties"])
        client.close()
    assert f"v  {vault['id']}  [pending deletion]" in run("list")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ((*SEED[:1], "gcp:storage/bucket:Bucket", *SEED[2:]), "the simulated clouds are"),
        ((*SEED[:1], "aws:s3/buckt:Buckt", *SEED[2:]), "no such resource type"),
        ((*SEED, "--input", "forceDestroy"), "write NAME=VALUE"),
        ((*SEED, "--input", "forceDestroi=true"), "did you mean forceDestroy?"),
        (("seed", BUCKET, "Bad_Name", *SEED[3:]), "InvalidBucketName"),
        (
            ("seed", VCN, "v", "--region", "us-nowhere-1", "--account", TENANCY, "--input", "compartmentId=c"),
            "no such host",
        ),
        (("tenancy", TENANCY, "--home-region", "us-ashburn"), "did you mean us-ashburn-1?"),
    ],
)
def test_bad_input(words, problem):
    """Exit 2, the reason and the nearest valid value, no traceback; and nothing is put there."""
    assert problem in run(*words, code=2)
    assert run("list") == "nothing exists\n"


def test_a_tenancy_with_another_home(database):
    """Identity is written in its home region only, from the first use on."""
    assert run("tenancy", TENANCY, "--home-region", "us-phoenix-1", "--namespace", "ax") == (
        f"{TENANCY}: home region us-phoenix-1, namespace ax\n"
    )
    with sandbox.serve(database) as servers:
        here, away = (
            Client(servers.addresses["oci"], {"region": region, "tenancyOcid": TENANCY})
            for region in ("us-phoenix-1", "us-ashburn-1")
        )
        group = {"name": "g", "description": "d"}
        with pytest.raises(Refused, match="home region us-phoenix-1"):
            away.create("oci:Identity/group:Group", group)
        assert here.create("oci:Identity/group:Group", group)[0]
        here.close()
        away.close()


def test_types_are_told_apart():
    """Those with behaviour by name, the others by number; for machines all of them."""
    text = run("types")
    assert f"{VCN}\n" in text
    assert re.search(r"\d+ types: schema from the SDK", text)
    rows = json.loads(run("types", "--json"))
    assert (rows[VCN], rows["oci:Core/instance:Instance"]) == ("behaviour", "schema from the SDK")


def test_a_file_that_cannot_be_used(database):
    """It is named, and `reset` clears it away."""
    database.write_text("not a database" * 100)
    for words in (("list",), SEED, ("tenancy", TENANCY, "--home-region", "us-ashburn-1")):
        assert "cannot be used as the simulated clouds' file" in run(*words, code=2)
    assert "it is removed" in run("reset")
    assert run("list") == "nothing exists\n"


def test_serve_until_it_is_told_to_stop(monkeypatch):
    """The one line it prints is what the engine needs to find both providers."""
    seen = []

    def look_and_stop(text: str) -> None:
        seen.append(text)
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr("click.echo", look_and_stop)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        run("serve")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert re.fullmatch(r"PULUMI_DEBUG_PROVIDERS=\w+:\d+,\w+:\d+", seen[0])


def test_a_command_that_cannot_be_run():
    """`run` says what is missing."""
    assert "no-such-program" in run("run", "--", "no-such-program", code=2)
