"""`python -m infra.sandbox`."""

from infra.sandbox.command_line import main

main(prog_name="python -m infra.sandbox")
