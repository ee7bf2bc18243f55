"""`python -m infra.verify`."""

import gc

# What a proof makes lives to its end and holds no cycles; to look for dead objects among it doubles its time.
gc.disable()

from infra.verify.command_line import main  # noqa: E402 (imports make objects too)

if __name__ == "__main__":
    main(prog_name="python -m infra.verify")
