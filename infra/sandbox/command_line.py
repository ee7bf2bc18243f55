"""The command line of the simulated clouds."""

import json
import signal
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any, NoReturn

import click

from infra.sandbox import ordinary_cli, seeding
from infra.sandbox.dns import command_line as dns_commands
from infra.sandbox.oci import command_line as drill_commands
from infra.sandbox.server import clouds as simulated
from infra.sandbox.server import serve
from infra.sandbox.store import Record, SandboxFileError, Store

PROJECT = Path(__file__).resolve().parents[2]
DATABASE = PROJECT / ".sandbox" / "clouds.sqlite"

_BAD_INPUT = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Simulated Oracle Cloud and AWS, for this project's own stacks. Listens on this machine only."""


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def run(command: tuple[str, ...]) -> None:
    """Run a COMMAND, such as `pulumi preview -s sandbox`, with the simulated clouds behind it."""
    try:
        sys.exit(ordinary_cli.run(PROJECT, command))
    except ordinary_cli.CannotRunError as error:
        _refuse(str(error))


@main.command("serve")
def serve_command() -> None:
    """Serve until Ctrl-C, for a look with other tools; prints the addresses."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    with serve(DATABASE) as servers:
        click.echo(f"PULUMI_DEBUG_PROVIDERS={servers.debug_providers}")
        stop.wait()


@main.command()
def reset() -> None:
    """Empty both clouds, retained and protected resources included."""
    store = Store(DATABASE)
    try:
        with store.changing() as clouds:
            gone = clouds.all()
            clouds.clear()
    except SandboxFileError:
        for path in DATABASE.parent.glob(f"{DATABASE.name}*"):
            path.unlink()
        click.echo("The clouds' file could not be read; it is removed. The simulated clouds are empty.")
        return
    finally:
        store.close()
    if not gone:
        click.echo("The simulated clouds were empty already.")
        return
    click.echo(f"Removed {_counted(len(gone), 'resource')} from the simulated clouds:")
    for (cloud, region), count in sorted(Counter((r.cloud, r.region or "whole account") for r in gone).items()):
        click.echo(f"  {cloud:4} {region:16} {count:5}")
    buckets = [record.id for record in gone if record.type.endswith(":Bucket")]
    if buckets:
        click.echo(f"Among them {_counted(len(buckets), 'bucket')}: {', '.join(buckets)}")
    click.echo("States of stacks are untouched; what they still list is gone.")


@main.command("list")
@click.option("--region", help="Only this region.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def list_command(region: str | None, as_json: bool) -> None:
    """Show what exists, by cloud and region."""
    chosen = [record for record in _records() if region is None or record.region == region]
    if as_json:
        click.echo(json.dumps([_as_json(record) for record in chosen], indent=1, sort_keys=True))
        return
    heading = None
    for record in chosen:
        here = f"{record.cloud} {record.region or 'whole account'} ({record.account})"
        if here != heading:
            click.echo(here)
            heading = here
        note = "" if record.status == "ACTIVE" else f"  [{record.status.lower().replace('_', ' ')}]"
        click.echo(f"  {record.type.rpartition(':')[2]:34} {_label(record)}{note}")
    if not chosen:
        click.echo("nothing exists" + (f" in {region}" if region else ""))


@main.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def types(as_json: bool) -> None:
    """Show which resource types have behaviour of their own; all others get schema checks and plain storage."""
    from infra import facts  # noqa: PLC0415 - only this command needs them
    from infra.facts import sdk  # noqa: PLC0415

    rows: dict[str, str] = {}
    for cloud in simulated():
        rows |= dict.fromkeys(sdk.type_tokens(cloud.name), "schema from the SDK")
        rows |= {token: "schema from facts" for token in facts.known_tokens() if token.startswith(f"{cloud.name}:")}
        rows |= dict.fromkeys(cloud.models, "behaviour")
    if as_json:
        click.echo(json.dumps(rows, indent=1, sort_keys=True))
        return
    for token in sorted(token for token, level in rows.items() if level == "behaviour"):
        click.echo(token)
    for level, count in sorted(Counter(rows.values()).items()):
        click.echo(f"{count:5} types: {level}")


@main.command()
@click.argument("token")
@click.argument("name")
@click.option("--region", required=True, help="Where the resource is.")
@click.option("--account", required=True, help="AWS account number or tenancy OCID.")
@click.option("--input", "pairs", multiple=True, metavar="NAME=VALUE", help="A further input; VALUE is JSON or text.")
@click.option("--objects", type=click.IntRange(min=0), default=0, help="How many objects a bucket holds.")
def seed(*, token: str, name: str, region: str, account: str, pairs: tuple[str, ...], objects: int) -> None:
    """Put a resource there that no stack made: seed aws:s3/bucket:Bucket tt-backup --region ... --account ..."""
    inputs: dict[str, Any] = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not separator:
            _refuse(f"--input {pair}: write NAME=VALUE")
        inputs[key] = _parsed(value)
    try:
        record = seeding.seed(DATABASE, token, name, account=account, region=region, inputs=inputs, objects=objects)
    except (seeding.SeedError, SandboxFileError) as error:
        _refuse(str(error))
    click.echo(f"{record.type} {record.id} in {record.region or 'the whole account'}")


@main.command()
@click.argument("ocid")
@click.option("--home-region", required=True, help="Where identity, quotas and tags live.")
@click.option("--namespace", help="Object Storage namespace; left out, the first one used.")
def tenancy(ocid: str, home_region: str, namespace: str | None) -> None:
    """Say what the tenancy OCID is before it is first used; otherwise its home region is us-ashburn-1."""
    try:
        seeding.open_tenancy(DATABASE, ocid, home_region=home_region, namespace=namespace)
    except (seeding.SeedError, SandboxFileError) as error:
        _refuse(str(error))
    click.echo(f"{ocid}: home region {home_region}" + (f", namespace {namespace}" if namespace else ""))


dns_commands.add_to(main, lambda: DATABASE)
drill_commands.add_to(main, lambda: DATABASE)


def _records() -> list[Record]:
    """Everything in the clouds' file, or an exit with its error."""
    store = Store(DATABASE)
    try:
        with store.reading() as clouds:
            return clouds.all()
    except SandboxFileError as error:
        _refuse(str(error))
    finally:
        store.close()


def _label(record: Record) -> str:
    properties = record.inputs | record.outputs
    name = record.name or properties.get("displayName") or properties.get("name")
    return record.id if name is None or name == record.id else f"{name}  {record.id}"


def _as_json(record: Record) -> dict[str, Any]:
    return {
        "account": record.account,
        "cloud": record.cloud,
        "id": record.id,
        "name": record.name,
        "properties": record.inputs | record.outputs,
        "region": record.region or None,
        "status": record.status,
        "type": record.type,
    }


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _refuse(message: str) -> NoReturn:
    click.echo(f"infra.sandbox: {message}", err=True)
    sys.exit(_BAD_INPUT)
