"""Fails when branch coverage is below its floor: 100 % for the kernel, 90 % for the rest.

The kernel decides residency, so a branch of it that no test reaches is a decision that nobody has seen.
"""

from __future__ import annotations

import sys

import coverage

FLOORS = {"infra/residency/*": 100.0, "*": 90.0}


def main() -> int:
    """Print the coverage of each part and return 1 if one is below its floor."""
    data = coverage.Coverage()
    data.load()
    missed = []
    for pattern, floor in FLOORS.items():
        print(f"branch coverage of {pattern}, at least {floor:g} %:")
        reached = data.report(
            include=[pattern] if pattern != "*" else None, omit=list(FLOORS)[:1] if pattern == "*" else None
        )
        if reached < floor:
            missed.append(f"{pattern}: {reached:.2f} % is below {floor:g} %")
    for line in missed:
        print(f"coverage: {line}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
