"""How properties are tested: by default with the same examples every time, so that a failure can be had again.

`pytest --hypothesis-profile=explore` looks at new examples. Neither profile times an example: how long one takes says
how busy the machine is, not whether the law holds.
"""

import gc
import sys
import threading

import pytest
from hypothesis import HealthCheck, settings

gc.set_threshold(50_000, 20, 100)  # as `python -m infra` does, and for the same reason

_UNTIMED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}

settings.register_profile("repeatable", derandomize=True, **_UNTIMED)
settings.register_profile("explore", print_blob=True, **_UNTIMED)
settings.load_profile("repeatable")


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item):
    """Nothing counts lines while a test with `no_cover` runs.

    In a worker of pytest-xdist there are two measurements, the second over the first: stopping the second, as
    pytest-cov does, lets the first go on, which nobody reads and which costs as much.
    """
    if item.get_closest_marker("no_cover") is None:
        return (yield)
    here, in_threads = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    try:
        return (yield)
    finally:
        threading.settrace(in_threads)
        sys.settrace(here)
