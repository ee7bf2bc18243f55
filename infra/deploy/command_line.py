"""The command line of the deploy script."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from infra.cli.app import EPILOG, Commands, as_of_option, json_option, refusals, stack_option, workspace_of
from infra.deploy import refusals as refused_ways

if TYPE_CHECKING:
    from infra.deploy.bucket import Bucket

_ARGUMENTS: Any = {"ignore_unknown_options": True, "allow_interspersed_args": True}
"""Options that a command does not have go to `refusals`, which says why."""

_OTHERS = click.argument("others", nargs=-1, type=click.UNPROCESSED, metavar="")
_ENGINE = click.option(
    "--engine", type=click.Choice(["embedded", "pulumi"]), help="[default: embedded for simulated stacks, else pulumi]"
)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EPILOG)
def main() -> None:
    """Apply what was reviewed, and nothing else: what CI runs around `pulumi up`."""


@main.command(context_settings=_ARGUMENTS, epilog=EPILOG)
@stack_option()
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="A new folder.")
@_ENGINE
@as_of_option
@json_option
@_OTHERS
def preview(
    *, stack: str, out: Path, engine: str | None, as_of: date | None, as_json: bool, others: tuple[str, ...]
) -> None:
    """Write a review: preview, plan, certificate, and what binds them.

    Prints the digest that stands for it. Nothing is changed.
    """
    with refusals(as_json=as_json):
        refused_ways.refuse(others, os.environ)
        from infra.deploy import reviews  # noqa: PLC0415 (the engine is slow to import: `--help` does without)

        digest, review = reviews.make(workspace_of(stack), out, engine=engine, as_of=as_of or _today())
    if as_json:
        click.echo(json.dumps({"reviewed": digest, "moves": list(review.moves), "stack": stack}, indent=2))
        return
    click.echo(f"usdata: a review of {stack} is in {out}.")
    click.echo("".join(f"     phase    {move}\n" for move in review.moves), nl=False)
    click.echo(f"     digest   {digest}")
    click.echo(f"     apply    python -m infra.deploy up --stack {stack} --review {out} --reviewed {digest}")


@main.command(context_settings=_ARGUMENTS, epilog=EPILOG)
@stack_option()
@click.option("--review", type=click.Path(path_type=Path), required=True, metavar="DIR", help="A review.")
@click.option("--reviewed", default="", metavar="DIGEST", help="The digest of it that was approved.")
@click.option("--approvals", type=click.Path(path_type=Path), metavar="FILE", help="Who approved its phase moves.")
@click.option("--author", default="", metavar="LOGIN", help="Who proposed it, and so cannot approve it.")
@click.option("--record", type=click.Path(path_type=Path), metavar="FILE", help="Where to write what was done.")
@_ENGINE
@as_of_option
@_OTHERS
def up(
    *,
    stack: str,
    review: Path,
    reviewed: str,
    approvals: Path | None,
    author: str,
    record: Path | None,
    engine: str | None,
    as_of: date | None,
    others: tuple[str, ...],
) -> None:
    """Apply a review.

    Refuses it where anything differs from what was reviewed: its files, the source, the state, the engine.
    """
    with refusals(as_json=False):
        refused_ways.refuse(others, os.environ)
        from infra.deploy import reviews  # noqa: PLC0415 (the engine is slow to import)

        order = reviews.Order(
            workspace=workspace_of(stack), folder=review, reviewed=reviewed, approvals=approvals, author=author,
            record=record, engine=engine, as_of=as_of or _today(),
        )  # fmt: skip
        code = reviews.apply(order)
    sys.exit(code)


@main.command(epilog=EPILOG)
@stack_option()
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="FILE", help="Where to write the state.")
@_ENGINE
def drift(*, stack: str, out: Path, engine: str | None) -> None:
    """Show what changed in the clouds that no review changed.

    Changes nothing. Writes the state as an export, for `python -m infra.verify --state`; it holds encrypted secrets.
    Exit 7 where something differs.
    """
    with refusals(as_json=False):
        refused_ways.refuse((), os.environ)
        from infra.cli.files import replace_file  # noqa: PLC0415 (the engine is slow to import)
        from infra.deploy.engines import opened  # noqa: PLC0415 (the same)

        with opened(workspace_of(stack), engine, _today(), writable=False) as chosen:
            replace_file(out, json.dumps(chosen.export(), indent=1, ensure_ascii=False) + "\n")
            code = chosen.drift()
    sys.exit(code)


@main.command(epilog=EPILOG)
@stack_option()
@click.option("--group", required=True, help="The group of the deployers, who may use what is made.")
@click.option("--network", default="", help="The network source from which alone they may.")
@click.option("--profile", required=True, help="Your own session: a profile that may administer the compartment.")
def bootstrap(*, stack: str, group: str, network: str, profile: str) -> None:
    """Make the home of a stack's state, once.

    Vault, HSM key, bucket, passphrase and policy. A second run makes nothing; what is not as it should be is said.
    """
    with refusals(as_json=False):
        from infra.deploy import oracle, passphrase, real  # noqa: PLC0415 (the engine is slow to import)
        from infra.deploy.bootstrap import Bootstrap  # noqa: PLC0415 (the same)

        workspace = workspace_of(stack)
        plan = real.planned(workspace, _today())
        home = real.home_of(workspace, plan)
        script = Bootstrap(
            home=home, group=group, network=network,
            clients=oracle.clients(profile, home.region), home_region=oracle.clients(profile, plan.tenancy.home),
        )  # fmt: skip
        for made in script.run():
            click.echo(f"  {'made ' if made.is_new else 'there'}  {made.what:<10}  {made.which}")
            if made.what == "passphrase" and home.passphrase_id is None:
                click.echo(f"  write  state.passphraseId: {made.which} into {workspace.shown_file}")
        if home.passphrase_id is not None and "\nencryptionsalt: " not in workspace.file.read_text(encoding="utf-8"):
            word = passphrase.read(script.clients, home)
            click.echo(f"  write  encryptionsalt: {passphrase.salt(word)}   as the last line of {workspace.shown_file}")


@main.command(epilog=EPILOG)
@stack_option()
def seal(*, stack: str) -> None:
    """Encrypt the secret with which the key manager is asked.

    For a stack whose keys are held outside Oracle. Asks for the secret, or reads it from standard input, and prints
    what to write into the stack file; only the stack's passphrase opens that.
    """
    with refusals(as_json=False):
        from infra.deploy.seal import sealed  # noqa: PLC0415 (the engine is slow to import)

        workspace = workspace_of(stack)
        asked = (
            click.prompt("secret", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline().strip()
        )
        lines = sealed(workspace, _today(), str(asked))
    click.echo(f"Write into {workspace.shown_file}, below config:\n\n{lines}")


@main.command(epilog=EPILOG)
@stack_option()
def trust(*, stack: str) -> None:
    """Print what makes the trust in CI.

    Commands for whoever administers the accounts and the identity domain, before the first deployment and whenever a
    review finds that they are due; nothing is run. The stack takes over what they make.
    """
    with refusals(as_json=False):
        from infra.cli.refusal import Refused  # noqa: PLC0415 (the engine is slow to import)
        from infra.deploy import real  # noqa: PLC0415 (the same)
        from infra.deploy.trust import commands  # noqa: PLC0415 (the same)
        from infra.residency.deployer import powers  # noqa: PLC0415 (the same)

        workspace = workspace_of(stack)
        plan = real.planned(workspace, _today())
        if plan.ci is None:
            raise Refused(
                f"{stack} is deployed by people",
                given=f"no ci in {workspace.shown_file}",
                allowed="a stack file that names who deploys",
                fix="add ci: stacks/README.md has its keys",
            )
        for where, command in commands(plan.ci, powers(plan), plan.organization):
            click.echo(f"# {where}\n{command}")
        if plan.ci.domain.trust_id is None:
            click.echo(f"# write the id of the trust as ci.domain.trustId into {workspace.shown_file}")


@main.command(epilog=EPILOG)
@stack_option()
@click.option("--folder", type=click.Path(path_type=Path), default=Path("~/.oci"), help="Where to write the session.")
def login(*, stack: str, folder: Path) -> None:
    """In a CI job: exchange its identity for an hour's session."""
    with refusals(as_json=False):
        from infra.deploy import login as session  # noqa: PLC0415 (the engine is slow to import)
        from infra.deploy import real  # noqa: PLC0415 (the same)

        plan = real.planned(workspace_of(stack), _today())
        path = session.login(plan.tenancy, plan.tenancy.home, folder.expanduser(), os.environ)
    click.echo(f"usdata: a session of an hour is in {path}.")


@main.command(epilog=EPILOG)
@stack_option()
@click.option("--copy", default="", metavar="NAME", help="The copy to restore; without it they are listed.")
def restore(*, stack: str, copy: str) -> None:
    """Make a kept copy the state again.

    Each state is kept before it is replaced; so is the one that this replaces.
    """
    with refusals(as_json=False):
        from infra.deploy import residence  # noqa: PLC0415 (the engine is slow to import)

        bucket = _bucket(stack)
        if not copy:
            click.echo("\n".join(bucket.names(f"{stack}/kept/")) or "usdata: no state was ever replaced.")
            return
        residence.restore(bucket, stack, copy)
    click.echo(f"usdata: {copy} is the state of {stack} again.")


@main.command(epilog=EPILOG)
@stack_option()
def unlock(*, stack: str) -> None:
    """Remove the lock that a dead run left.

    Look first whether that run is really gone.
    """
    with refusals(as_json=False):
        from infra.deploy import residence  # noqa: PLC0415 (the engine is slow to import)

        owner = residence.unlock(_bucket(stack), stack)
    click.echo(f"Unlocked. It was held by {owner}." if owner else f"The state of {stack} was not locked.")


@main.command(epilog=EPILOG)
@stack_option()
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="FILE", help="Where to.")
@_ENGINE
def redact(*, stack: str, out: Path, engine: str | None) -> None:
    """Write the state without secrets and outputs, for everyone's previews."""
    with refusals(as_json=False):
        from infra.cli.files import replace_file  # noqa: PLC0415 (the engine is slow to import)
        from infra.deploy.engines import opened  # noqa: PLC0415 (the same)
        from infra.deploy.redact import redact as redacted  # noqa: PLC0415 (the same)

        with opened(workspace_of(stack), engine, _today(), writable=False) as chosen:
            document = redacted(chosen.export())
        replace_file(out, json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    click.echo(f"usdata: {len(document['deployment']['resources'])} resources, without secrets and outputs, in {out}.")


def _bucket(stack: str) -> Bucket:
    from infra.deploy import real  # noqa: PLC0415 (the engine is slow to import)

    workspace = workspace_of(stack)
    plan = real.planned(workspace, _today())
    home = real.home_of(workspace, plan)
    return real.bucket_of(home, real.clients_of(plan, home))


def _today() -> date:
    return datetime.now(UTC).date()
