"""Answers in waves: what is waiting is worked off in order, then everybody is answered.

That a preview of many resources gets cheaper by it is for the benchmarks.
"""

import threading

import pytest

from infra.engine.waves import Waves


def test_nobody_is_answered_while_somebody_waits():
    """The first answer comes when all three are done, errors included; work is done in order and on one thread."""
    gate, done, threads = threading.Event(), [], set()

    def work(name):
        done.append(name)
        threads.add(threading.get_ident())
        if name == "bad":
            raise ValueError(name)
        return name

    with Waves() as waves:
        first = waves.submit(lambda: gate.wait() and work("first"))
        seen = []
        first.add_done_callback(lambda _: seen.extend(done))
        others = [waves.submit(work, name) for name in ("bad", "last")]
        assert not first.done()
        gate.set()
        assert first.result() == "first"
        assert others[1].result() == "last"
        with pytest.raises(ValueError, match="bad"):
            others[0].result()

    assert seen == done == ["first", "bad", "last"]
    assert len(threads) == 1


def test_who_comes_alone_is_answered_at_once():
    """No answer is kept back for one that may never come."""
    with Waves() as waves:
        assert [waves.submit(lambda number=number: number).result() for number in range(3)] == [0, 1, 2]


def test_what_was_cancelled_is_not_done():
    """It is left out, and the others of its wave are answered all the same."""
    gate, done = threading.Event(), []
    with Waves() as waves:
        first = waves.submit(gate.wait)
        second = waves.submit(done.append, "second")
        third = waves.submit(done.append, "third")
        assert second.cancel()
        gate.set()
        first.result()
        third.result()
    assert done == ["third"]
