"""`python -m infra.verify`: proves from a preview, or from a state, that no US user data leaves the United States."""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import click

from infra.verify.context import Context
from infra.verify.inputs import Asked, load
from infra.verify.proof import Proof, prove
from infra.verify.report import document, markdown, sarif, text
from infra.verify.sources import documents
from infra.verify.sources.loaded import UnusableError
from infra.verify.values import record
from infra.verify.verdict import Answer

BAD_INPUT: Final = 2
EPILOG: Final = """\b
Exit codes: 0 proved; 1 refuted; 2 bad input, nothing was decided; 3 undecided."""

_File = click.Path(path_type=Path)
_INPUTS: Final = (
    click.option("--preview", type=_File, metavar="FILE", help="What `pulumi preview --json --show-sames` printed."),
    click.option("--state", type=_File, metavar="FILE", help="What `pulumi stack export` printed."),
    click.option(
        "--stack-file", type=_File, metavar="FILE",
        help="What is declared. [default: the preview's own configuration, else stacks/Pulumi.STACK.yaml]",
    ),
    click.option(
        "--receipts", type=_File, metavar="DIR", help="Receipts of legacy sites. [default: beside the stack file]"
    ),
    click.option("--as-of", default="", metavar="YYYY-MM-DD", help="The day for expiries. [default: today]"),
)  # fmt: skip


def _inputs(function: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_INPUTS):
        function = option(function)
    return function


@contextmanager
def _refusals() -> Generator[None]:
    try:
        yield
    except UnusableError as error:
        click.echo(error.text(), err=True)
        sys.exit(BAD_INPUT)


def _asked(as_of: str, **files: Path | None) -> Asked:
    try:
        day = date.fromisoformat(as_of) if as_of else datetime.now(UTC).date()
    except ValueError as error:
        raise UnusableError(f"{as_of!r} is no day", fix="write it as in 2026-11-23") from error
    return Asked(
        preview=files["preview"],
        state=files["state"],
        stack_file=files["stack_file"],
        receipts=files["receipts"],
        as_of=day,
    )


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EPILOG)
@_inputs
@click.option("--json", "form", flag_value="json", help="One JSON document, for machines.")
@click.option("--sarif", "form", flag_value="sarif", help="A SARIF log, for code hosts.")
@click.option("--markdown", "form", flag_value="markdown", help="A comment for a pull request.")
@click.option("--certificate", type=_File, metavar="FILE", help="Write the certificate there, if all is proved.")
@click.option("--paranoid", is_flag=True, help="Ask the second decider of each theorem as well.")
@click.option(
    "--inventory", type=_File, metavar="FILE", help="What a cloud says there is; lists what the state does not know."
)
@click.option(
    "--reviewed", type=_File, metavar="FILE", help="The certificate that was reviewed: refuse any other plan."
)
@click.pass_context
def main(
    ctx: click.Context,
    /,
    *,
    form: str | None,
    certificate: Path | None,
    paranoid: bool,
    inventory: Path | None,
    reviewed: Path | None,
    **inputs: Any,
) -> None:
    """Prove that no US user data, and no US user, can leave the United States.

    Reads what an engine is about to do, or has done, and answers PROVED, REFUTED with a counterexample, or UNDECIDED
    with what is missing.
    """
    if ctx.invoked_subcommand is not None:
        return
    with _refusals():
        asked = _asked(**inputs)
        loaded, context = load(asked, sys.stdin.buffer.read() if str(asked.preview) == "-" else b"")
        if reviewed is not None:
            _hold(context, reviewed)
        if inventory is not None:
            sys.exit(_strangers(context, inventory, as_json=form == "json"))
        proof = prove(context, paranoid=paranoid)
        name = _certify(proof, loaded.kind, certificate)
    _show(proof, form, name=asked.name, certificate=name)
    sys.exit(proof.answer.exit_code)


def _hold(context: Context, path: Path) -> None:
    """Exit with 1 where the plan is not the one that was reviewed."""
    from infra.verify import binding  # noqa: PLC0415 (only a reviewed plan needs it)

    said = record(documents.document(path).get("digests"))
    if not said:
        raise UnusableError(f"{path.name} is no certificate", fix="write one of the plan to review: --certificate FILE")
    now = binding.digests(context.graph, context.declared.deployment)
    others = [told for name, told in _BOUND.items() if said.get(name) != now[name]]
    if others:
        click.echo(f"usdata: this is not what was reviewed: {' and '.join(others)}.\n"
                   "     fix      review it anew", err=True)  # fmt: skip
        sys.exit(Answer.REFUTED.exit_code)


_BOUND: Final = {
    "planned": "another plan",
    "state": "it starts from another state",
    "configuration": "the stack file says something else",
}


def _strangers(context: Context, path: Path, *, as_json: bool) -> int:
    """Print what a cloud has and the state does not know; the exit code says whether there is anything."""
    from infra.verify import inventory  # noqa: PLC0415 (only an inventory needs it)

    found = inventory.compare(context, documents.document(path), path.name)
    if as_json:
        rows = [
            {"region": it.region, "type": it.type, "name": it.name, "id": it.id, "why": it.why}
            for it in found.strangers
        ]
        click.echo(document.text({"examined": found.examined, "strangers": rows}))
    else:
        answer = (
            f"REFUTED   {len(found.strangers)} that nobody manages here"
            if found.strangers
            else "PROVED    all are known"
        )
        click.echo(f"usdata · stack {context.stack} · {path.name}\n\n  INVENTORY  {answer} · {found.examined} examined")
        for it in found.strangers:
            click.echo(f"    {text.printable(f'{it.region}  {it.type}  {it.name}  {it.why}')}")
    return Answer.REFUTED.exit_code if found.strangers else Answer.PROVED.exit_code


@main.command("explain", epilog=EPILOG)
@click.argument("wanted", metavar="RESOURCE|DATASET|HOSTNAME")
@_inputs
def explain(wanted: str, **inputs: Any) -> None:
    """Say why something is where it is.

    Its region and what says so, its key and vault, what is copied to it and from it, which statements reach it; of a
    hostname, what answers.
    """
    with _refusals():
        from infra.verify.explain import explain as lines  # noqa: PLC0415 (only this command needs it)

        _, context = load(_asked(**inputs))
        found = list(lines(context, wanted))
    click.echo("\n".join(text.printable(line) for line in found))


def _certify(proof: Proof, kind: str, path: Path | None) -> str:
    """The certificate's digest, and the certificate in a file if one is named; empty where not all is proved."""
    if proof.answer is not Answer.PROVED:
        if path is not None:
            path.unlink(missing_ok=True)  # an older one of that name would speak for something else
        return ""
    from infra.verify import certificate  # noqa: PLC0415 (only what is proved is certified)

    found = certificate.certificate(proof, kind=kind)
    if path is not None:
        try:
            path.write_text(certificate.text(found), encoding="utf-8")
        except OSError as error:
            raise UnusableError(f"the certificate cannot be written: {error.strerror}", given=str(path)) from error
    return certificate.digest(found)


def _show(proof: Proof, form: str | None, *, name: str, certificate: str) -> None:
    match form:
        case "json":
            click.echo(document.text(document.document(proof, certificate=certificate)))
        case "sarif":
            click.echo(sarif.render(proof))
        case "markdown":
            click.echo("\n".join(markdown.render(proof, certificate=certificate)))
        case _:
            click.echo("\n".join(text.render(proof, name=name, certificate=certificate)))
