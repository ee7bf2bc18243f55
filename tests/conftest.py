"""How properties are tested: by default with the same examples every time, so that a failure can be had again.

`pytest --hypothesis-profile=explore` looks at new examples. Neither profile times an example: how long one takes says
how busy the machine is, not whether the law holds.
"""

import gc

from hypothesis import HealthCheck, settings

gc.set_threshold(50_000, 20, 100)  # as `python -m infra` does, and for the same reason

_UNTIMED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}

settings.register_profile("repeatable", derandomize=True, **_UNTIMED)
settings.register_profile("explore", print_blob=True, **_UNTIMED)
settings.load_profile("repeatable")
