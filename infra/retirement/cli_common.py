"""What the commands of the retirement tool share: the world outside, options, the open work file, how they speak."""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from infra.retirement.job import Job
    from infra.retirement.workfile import Workfile


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a command takes from outside: the time, a way to wait, and where progress is shown."""

    clock: Callable[[], datetime] = _now
    wait: Callable[[float], None] = time.sleep
    stderr: TextIO = sys.stderr


JOB = click.option(
    "--job", "job_file", type=click.Path(path_type=Path), required=True, help="The job file of the site."
)
WORK = click.option(
    "--work",
    type=click.Path(path_type=Path),
    default=Path(".retirement"),
    show_default=True,
    help="Folder of the work files; it will hold object names, which are user data.",
)
THREADS = click.option(
    "--threads", type=click.IntRange(1, 256), default=16, show_default=True, help="Requests at once."
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print the result for machines.")


def command(name: str, *options: Callable[[Any], Any]) -> Callable[[Callable[..., None]], click.Command]:
    """Make a command with these options of a function, which is called with the world first."""

    def make(function: Callable[..., None]) -> click.Command:
        @wraps(function)
        def run(**values: Any) -> None:
            function(click.get_current_context().obj, **values)

        decorated: Callable[..., Any] = run
        for option in reversed(options):
            decorated = option(decorated)
        return click.command(name)(decorated)

    return make


@contextmanager
def opened(job_file: Path, work: Path, shard: str | None = None) -> Generator[tuple[Job, Workfile]]:
    """The job, and the open work file of its site or of one shard of it."""
    from infra.retirement.job import load_job  # noqa: PLC0415 - each command loads what it needs
    from infra.retirement.workfile import open_workfile  # noqa: PLC0415 - the same

    job = load_job(job_file)
    with open_workfile(work_path(job, work, shard)) as file:
        yield job, file


def work_path(job: Job, work: Path, shard: str | None) -> Path:
    """Where the work file of a site, or of one shard of it, lies."""
    return work / job.scope.stack / f"{job.scope.site}{f'.{shard}' if shard else ''}.sqlite"


def say(value: Mapping[str, object], lines: Sequence[str], *, as_json: bool) -> None:
    """Print a result: `value` as JSON for machines, or `lines` for people."""
    if as_json:
        click.echo(json.dumps(value, indent=2, sort_keys=True))
    else:
        for line in lines:
            click.echo(printable(line))


def printable(text: str) -> str:
    """The text without anything that could move a terminal's cursor or change its colours."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
