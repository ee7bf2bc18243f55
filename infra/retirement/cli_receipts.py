"""The commands about receipts: write, sign, check; signing needs neither a network nor a work file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from infra.retirement.cli_common import JOB, JSON, WORK, opened, printable, say
from infra.retirement.errors import BadInputError, RefusedError

if TYPE_CHECKING:
    from infra.residency.approvals import Approval
    from infra.residency.receipts import Receipt
    from infra.retirement.cli_common import World


@click.group("attest")
def attest() -> None:
    """Write, sign and check receipts of finished steps."""


_RECEIPTS = click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
_KEY = click.option(
    "--key", required=True, type=click.Path(path_type=Path), help="Your ed25519 private key (PEM, PKCS#8)."
)


@attest.command("write")
@JOB
@WORK
@JSON
def _attest_write(*, job_file: Path, work: Path, as_json: bool) -> None:
    """Write an unsigned receipt for each finished step that has none."""
    from infra.retirement.attest import write_receipts  # noqa: PLC0415 - as above

    with opened(job_file, work) as (job, file):
        written = [str(path) for path in write_receipts(job, file)]
    say(
        {"written": written},
        [f"wrote {path}; have it signed" for path in written] or ["nothing to write"],
        as_json=as_json,
    )


@attest.command("sign")
@_RECEIPTS
@_KEY
@JSON
def _attest_sign(*, files: tuple[Path, ...], key: Path, as_json: bool) -> None:
    """Sign receipts, or approvals of break-glass, after showing what they say; needs no network."""
    from infra.retirement.attest import read_signable, sign_file  # noqa: PLC0415 - as above
    from infra.retirement.signing import load_private_key  # noqa: PLC0415 - as above

    for path in files:
        for line in _summary(read_signable(path)):
            click.echo(printable(line), err=True)
    private = load_private_key(key, _passphrase(key))
    signed: list[str] = []
    for path in files:
        sign_file(path, private)
        signed.append(str(path))
    say({"signed": signed}, [f"signed {path}" for path in signed], as_json=as_json)


def _passphrase(key: Path) -> bytes | None:
    if not key.is_file():
        raise BadInputError(f"{key}: no such file")
    if b"ENCRYPTED" not in key.read_bytes():
        return None
    return str(click.prompt(f"passphrase of {key}", hide_input=True, err=True)).encode()


def _summary(signable: Receipt | Approval) -> list[str]:
    from infra.residency.receipts import Receipt  # noqa: PLC0415 - as above

    return _receipt(signable) if isinstance(signable, Receipt) else _approval(signable)


def _approval(approval: Approval) -> list[str]:
    return [
        f"break-glass in stack {approval.stack}: group {approval.group} may read {', '.join(approval.datasets)}",
        f"  from {approval.begins.isoformat()} until {approval.ends.isoformat()}",
        f"  because: {approval.reason}",
    ]


def _receipt(receipt: Receipt) -> list[str]:
    scope = receipt.scope
    lines = [
        f"{receipt.step} of {scope.site} ({scope.region}, account {scope.account_id}), stack {scope.stack}",
        f"  census {receipt.census_root}, made {receipt.time.isoformat()}, stands until {receipt.expires.isoformat()}",
    ]
    lines += [
        f"  {b.bucket}: {b.versions:,} versions, {b.markers:,} markers, {b.uploads:,} uploads, {b.size:,} bytes"
        for b in receipt.buckets
    ]
    return [*lines, *(f"  {name}: {value}" for name, value in sorted(receipt.results.items()))]


@attest.command("check")
@JOB
@JSON
@click.pass_obj
def _attest_check(world: World, *, job_file: Path, as_json: bool) -> None:
    """Check the site's receipts: signatures, chain, place and time."""
    from infra.retirement.attest import chain_of  # noqa: PLC0415 - as above
    from infra.retirement.job import load_job  # noqa: PLC0415 - as above

    chain = chain_of(load_job(job_file), world.clock())
    if chain.refusals:
        raise RefusedError(*(str(refusal) for refusal in chain.refusals))
    steps = [receipt.step.value for receipt in chain.receipts]
    root = chain.receipts[-1].census_root if chain.receipts else None
    lines = [f"{len(steps)} receipts, all believed: {', '.join(steps) or 'none'}", f"  last about census {root}"]
    say({"receipts": steps, "censusRoot": root}, lines, as_json=as_json)


@attest.command("public-key")
@_KEY
def _attest_public_key(*, key: Path) -> None:
    """Print the public half of a key as it stands under `signers` in the stack file."""
    from infra.retirement.signing import load_private_key, public_key_of, public_key_text  # noqa: PLC0415 - as above

    click.echo(public_key_text(public_key_of(load_private_key(key, _passphrase(key)))))
