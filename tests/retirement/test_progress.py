"""Progress is shown on a terminal and nowhere else."""

from __future__ import annotations

import io

import pytest

from infra.retirement.progress import progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("total", [3, None], ids=["known total", "unknown total"])
def test_a_terminal_shows_what_is_done_and_of_how_many(total):
    """The step's name and the counts; it does not prove what a real terminal makes of it."""
    stream = Terminal()
    with progress(stream, "census", total) as advance:
        advance(1)
        advance(2)
    assert "census" in stream.getvalue()
    assert f"3/{total or '?'}" in stream.getvalue().replace(" ", "")


def test_a_file_gets_nothing():
    """What is piped or logged stays free of bars."""
    stream = io.StringIO()
    with progress(stream, "census", 3) as advance:
        advance(3)
    assert stream.getvalue() == ""
