"""`python -m infra report`: a preview written down for people and for other tools."""

from __future__ import annotations

import json
import shlex
import sys
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from infra.cli.app import EPILOG, as_of_option, offline_option, refusals, stack_option, what_if_option, workspace_of
from infra.cli.refusal import BadStackFile, Exit, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from infra.cli.runs import Outcome
    from infra.evidence.review import Review
    from infra.verify.proof import Proof

_FILE: Final = click.Path(path_type=Path, dir_okay=False)
_INSTALL: Final = ".venv/bin/uv pip install --python .venv/bin/python -r pyproject.toml --extra report"


@click.command(epilog=EPILOG)
@stack_option(default="sandbox")
@as_of_option
@offline_option
@what_if_option
@click.option("--html", type=_FILE, metavar="FILE", help="One page for people, which opens from disk.")
@click.option("--markdown", type=_FILE, metavar="FILE", help="The comment on a pull request.")
@click.option("--junit", type=_FILE, metavar="FILE", help="JUnit XML: one case a theorem.")
@click.option("--sarif", type=_FILE, metavar="FILE", help="A SARIF log, for code hosts.")
@click.option(
    "--json", type=_FILE, metavar="FILE", help="What `preview --json --show-sames` prints, to be proved anew."
)
def report(
    *, stack: str, as_of: date | None, state_file: Path | None, what_if: tuple[str, ...], **files: Path | None
) -> None:
    """Write a preview down: page, comment, results.

    What `preview` shows, as a page for people, the comment on a pull request, or test results for CI systems.

    Exits as the preview would: 0 only if residency is proved.
    """
    with refusals(as_json=False):
        wanted = {name: path for name, path in files.items() if path is not None}
        if not wanted:
            raise Refused("nothing is to be written", allowed=" ".join(f"--{name} FILE" for name in files))
        from infra.cli import review, runs  # noqa: PLC0415 (the engine is slow to import: `--help` does without)
        from infra.engine.options import Command  # noqa: PLC0415 (the same)

        day = as_of or datetime.now(UTC).date()
        rerun = _again(stack, day, state_file, what_if)
        request = runs.Request(
            command=Command.PREVIEW,
            workspace=workspace_of(stack),
            as_of=day,
            state_file=state_file,
            edits=runs.edits(what_if),
        )
        try:
            outcome = runs.carry_out(request)
        except BadStackFile as error:
            # Whoever reads the comment or the page is told, and the command line still refuses.
            _write(wanted, review.bad_file(error, stack, day, rerun=rerun), None, error.document)
            raise
        document = review.review(outcome, rerun=rerun)
        written = _write(wanted, document, outcome.proof, partial(_machine, outcome))
    word = document.verdict.word
    click.echo(f"usdata · stack {stack} · residency {word}: {document.verdict.summary}")
    for path in written:
        click.echo(f"  wrote {path}")
    sys.exit(_EXITS[word])


def _machine(outcome: Outcome) -> Mapping[str, object]:
    from infra.cli.preview_document import document  # noqa: PLC0415 (the engine is slow to import)

    return document(outcome, show_sames=True)


def _write(
    wanted: Mapping[str, Path], document: Review, proof: Proof | None, machine: Callable[[], Mapping[str, object]]
) -> list[Path]:
    """Writes each file that is wanted, all from one run."""
    from infra.cli.files import replace_file  # noqa: PLC0415 (as above)

    writers: Mapping[str, Callable[[], str]] = {
        "html": lambda: _page(document),
        "markdown": lambda: _comment(document),
        "junit": lambda: _junit(document),
        "sarif": lambda: _sarif(document, proof),
        "json": lambda: json.dumps(machine(), indent=4, ensure_ascii=False) + "\n",
    }
    for name, path in wanted.items():
        replace_file(path, writers[name]())
    return list(wanted.values())


_EXITS: Final = {"PROVED": Exit.DONE, "REFUTED": Exit.FAILED, "UNDECIDED": Exit.UNDECIDED, "FAILED": Exit.FAILED}


def _again(stack: str, as_of: date, state_file: Path | None, what_if: tuple[str, ...]) -> str:
    state = f" --state {state_file.name}" if state_file else ""
    edits = "".join(f" --what-if {shlex.quote(text)}" for text in what_if)
    return f"python -m infra report --stack {stack} --as-of {as_of}{state}{edits} --html FILE"


def _page(document: Review) -> str:
    try:
        from infra.evidence.page import page  # noqa: PLC0415 (an extra)
    except ImportError as error:
        raise Refused(
            f"--html needs the package {error.name}, which is not installed",
            why="it is only used for the page, so it is an extra of its own",
            fix=_INSTALL,
        ) from error
    return page(document)


def _comment(document: Review) -> str:
    from infra.evidence.comment import comment  # noqa: PLC0415 (only this needs it)

    return comment(document)


def _junit(document: Review) -> str:
    from infra.evidence.junit import junit  # noqa: PLC0415 (only this needs it)

    return junit(document)


def _sarif(document: Review, proof: Proof | None) -> str:
    """What the proof says; where there is none, what was refused before one could be made."""
    from infra.evidence.sarif import sarif  # noqa: PLC0415 (only this needs it)
    from infra.verify.report import sarif as decided  # noqa: PLC0415 (the same)

    return sarif(document) if proof is None else decided.render(proof)
