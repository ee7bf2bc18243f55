"""`python -m infra.verify`."""

from infra.verify.command_line import main

if __name__ == "__main__":
    main(prog_name="python -m infra.verify")
