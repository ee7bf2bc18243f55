"""`python -m tests.bench [NAME...]`: runs the benchmarks, all of them or those named."""

from __future__ import annotations

import importlib
import pkgutil
import sys

from tests import bench


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all; 2 if there is none of a name."""
    known = sorted(module.name for module in pkgutil.iter_modules(bench.__path__) if not module.name.startswith("_"))
    if unknown := sorted(set(names) - set(known)):
        print(f"no benchmark {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    for name in names or known:
        print(f"== {name}", flush=True)
        importlib.import_module(f"tests.bench.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
