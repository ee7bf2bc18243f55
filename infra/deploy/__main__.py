"""`python -m infra.deploy`."""

from infra.deploy.command_line import main

if __name__ == "__main__":
    main(prog_name="python -m infra.deploy")
