"""`python -m infra.sandbox dns|health|survey`: ask the applied sandbox over DNS, and fail and heal its edges."""

import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from infra.sandbox.dns.survey import Survey

_LEAKS, _BAD_INPUT = 1, 2
_SHOWN = 20
_READINGS = ("nothing", "everything", "zone")


def add_to(group: click.Group, database: Callable[[], Path]) -> None:
    """Add the commands to a group; `database` gives the clouds' file when a command runs."""

    @group.command("dns")
    @click.option("--port", type=click.IntRange(0, 65535), required=True, help="UDP and TCP; 0 for any free one.")
    @click.option(
        "--all-down",
        type=click.Choice(_READINGS),
        default=_READINGS[0],
        show_default=True,
        help="What clients get when every edge is down: no page of Oracle's says it.",
    )
    @click.option("--seed", type=int, help="Make every draw repeatable.")
    def dns(port: int, all_down: str, seed: int | None) -> None:  # pyright: ignore[reportUnusedFunction] - registered by the decorator
        """Answer DNS queries on 127.0.0.1 from what is applied, until Ctrl-C."""
        _serve(database(), port, all_down, seed)

    @group.command()
    @click.argument("edge")
    @click.argument("state", type=click.Choice(["up", "down"]))
    def health(edge: str, state: str) -> None:  # pyright: ignore[reportUnusedFunction] - registered by the decorator
        """Fail or heal EDGE: a load balancer's name, a region, or one public address."""
        _set_health(database(), edge, up=state == "up")

    @group.command()
    @click.option("--json", "as_json", is_flag=True, help="For machines.")
    def survey(*, as_json: bool) -> None:  # pyright: ignore[reportUnusedFunction] - registered by the decorator
        """Ask every hostname and record type from everywhere, in every state of the edges, and count who answers."""
        _survey(database(), as_json=as_json)


def _serve(database: Path, port: int, all_down: str, seed: int | None) -> None:
    from infra.sandbox.dns.server import LOOPBACK, serve  # noqa: PLC0415 - dnspython loads for this command only
    from infra.sandbox.dns.steering import AllDown  # noqa: PLC0415 - the same

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    try:
        with serve(database, port=port, seed=seed, all_down=AllDown(all_down)) as bound:
            click.echo(
                f"DNS on {LOOPBACK} port {bound}, UDP and TCP, unsigned; ask with: dig @{LOOPBACK} -p {bound} NAME TYPE"
            )
            stop.wait()
    except OSError as error:
        _refuse(f"port {port}: {error.strerror or error}; choose another one, or 0 for any")


def _set_health(database: Path, edge: str, *, up: bool) -> None:
    from infra.sandbox.dns.health import UnknownEndpointError, set_health  # noqa: PLC0415 - for this command only
    from infra.sandbox.store import SandboxFileError  # noqa: PLC0415 - the same

    try:
        addresses = set_health(database, edge, up=up)
    except (UnknownEndpointError, SandboxFileError) as error:
        _refuse(str(error))
    click.echo(f"{edge} is {'up' if up else 'down'}: {', '.join(addresses)}")


def _survey(database: Path, *, as_json: bool) -> None:
    from infra.sandbox.dns.parse import PolicyError  # noqa: PLC0415 - dnspython loads for this command only
    from infra.sandbox.dns.survey import survey  # noqa: PLC0415 - the same
    from infra.sandbox.store import SandboxFileError  # noqa: PLC0415 - the same

    try:
        found = survey(database)
    except (SandboxFileError, PolicyError) as error:
        _refuse(str(error))
    if not found.names:
        _refuse("no zone is applied; apply a stack with traffic first")
    click.echo(json.dumps(_as_json(found), indent=1) if as_json else "\n".join(_lines(found)))
    sys.exit(0 if found.safe else _LEAKS)


def _lines(found: "Survey") -> Iterator[str]:
    regions = " and ".join(sorted(set(found.edges.values())))
    verdict = "SAFE" if found.safe else "LEAKS" if found.leaks else "NOT ANSWERED"
    given = found.answers + len(found.leaks)
    yield (
        f"{verdict}  {found.questions:,} questions, {given:,} answers: {found.answers:,} are addresses of edges in "
        f"{regions}, {len(found.leaks):,} lead elsewhere"
    )
    yield ""
    width = max(len(str(row.state)) for row in found.rows)
    columns = ["questions", *found.edges, "no answer", "errors"]
    yield f"  {'':{width}}  " + "  ".join(columns)
    for row in found.rows:
        counts = [row.questions, *(row.answers[edge] for edge in found.edges), row.empty, row.failed]
        numbers = "  ".join(f"{count:>{len(column)},}" for count, column in zip(counts, columns, strict=True))
        yield f"  {row.state!s:{width}}  {numbers}"
    yield ""
    for leak in found.leaks[:_SHOWN]:
        yield f"  {leak.state}: {leak.name} {leak.rtype}, asked from {leak.client}: {leak.answer}"
    if len(found.leaks) > _SHOWN:
        yield f"  and {len(found.leaks) - _SHOWN:,} more"
    yield f"  Asked over UDP on this machine: {', '.join(found.names)}"


def _as_json(found: "Survey") -> dict[str, object]:
    return {
        "answers": found.answers,
        "edges": dict(found.edges),
        "leaks": [asdict(leak) | {"state": str(leak.state)} for leak in found.leaks],
        "names": list(found.names),
        "questions": found.questions,
        "safe": found.safe,
        "states": [asdict(row) | {"state": str(row.state), "answers": dict(row.answers)} for row in found.rows],
    }


def _refuse(message: str) -> NoReturn:
    click.echo(f"infra.sandbox: {message}", err=True)
    sys.exit(_BAD_INPUT)
