"""`python -m infra.sandbox dns` and `health`: ask the applied sandbox over DNS, and fail and heal its edges."""

import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import click

_BAD_INPUT = 2
_READINGS = ("nothing", "everything", "zone")


def add_to(group: click.Group, database: Callable[[], Path]) -> None:
    """Add both commands to a group; `database` gives the clouds' file when a command runs."""

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


def _serve(database: Path, port: int, all_down: str, seed: int | None) -> None:
    from infra.sandbox.dns.server import LOOPBACK, serve  # noqa: PLC0415 - dnspython loads for this command only
    from infra.sandbox.dns.steering import AllDown  # noqa: PLC0415 - the same

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    try:
        with serve(database, port=port, seed=seed, all_down=AllDown(all_down)) as bound:
            click.echo(f"DNS on {LOOPBACK} port {bound}, UDP and TCP; ask with: dig @{LOOPBACK} -p {bound} NAME TYPE")
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


def _refuse(message: str) -> NoReturn:
    click.echo(f"infra.sandbox: {message}", err=True)
    sys.exit(_BAD_INPUT)
