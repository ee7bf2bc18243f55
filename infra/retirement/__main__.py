"""Entry point of `python -m infra.retirement`."""

from infra.retirement.cli import main

if __name__ == "__main__":
    main()
