"""`python -m infra.verify`: proves from a preview, or from a state, that no US user data leaves the United States."""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import click

from infra.verify.inputs import Asked, load
from infra.verify.proof import Proof, prove
from infra.verify.report import document, markdown, sarif, text
from infra.verify.sources.loaded import UnusableError
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
@click.pass_context
def main(ctx: click.Context, /, *, form: str | None, certificate: Path | None, paranoid: bool, **inputs: Any) -> None:
    """Prove that no US user data, and no US user, can leave the United States.

    Reads what an engine is about to do, or has done, and answers PROVED, REFUTED with a counterexample, or UNDECIDED
    with what is missing.
    """
    if ctx.invoked_subcommand is not None:
        return
    with _refusals():
        asked = _asked(**inputs)
        loaded, context = load(asked, sys.stdin.buffer.read() if str(asked.preview) == "-" else b"")
        proof = prove(context, paranoid=paranoid)
        name = _certify(proof, loaded.kind, certificate)
    _show(proof, form, name=asked.name, certificate=name)
    sys.exit(proof.answer.exit_code)


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
