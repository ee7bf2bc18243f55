"""Progress with rate and time left, on standard error and only on a terminal."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Generator


@contextmanager
def progress(stream: TextIO, title: str, total: int | None) -> Generator[Callable[[int], None]]:
    """Show how far a step is while the body runs; call the given function with each number of entries done.

    Args:
        stream: where to show it; nothing is shown unless it is a terminal.
        title: what is being done.
        total: how many entries there are, None where nobody knows yet.
    """
    if not stream.isatty():
        yield lambda _: None
        return
    from rich import progress as bars  # noqa: PLC0415 - only a terminal needs it
    from rich.console import Console  # noqa: PLC0415 - the same

    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TextColumn("{task.fields[rate]}"),
        bars.TimeRemainingColumn(),
    )
    with bars.Progress(*columns, console=Console(file=stream), transient=True) as shown:
        task = shown.add_task(title, total=total, rate="")

        def advance(done: int) -> None:
            speed = shown.tasks[0].speed
            shown.update(task, advance=done, rate=f"{speed:,.0f}/s" if speed else "")

        yield advance
