"""`python -m infra`; says what to do where Python is too old or the packages are not installed."""

import gc
import sys
from importlib.util import find_spec

if sys.version_info < (3, 11):  # noqa: UP036 (whoever runs an older one is told so)
    sys.stderr.write("usdata: Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ".\n")
    sys.exit(2)

missing = [name for name in ("click", "pulumi", "pulumi_aws", "pulumi_oci", "yaml") if find_spec(name) is None]
if missing:
    sys.stderr.write(
        f"usdata: {sys.executable} does not have the packages {', '.join(missing)}.\n"
        "     fix      make preview (it installs them into .venv); then .venv/bin/python -m infra\n"
    )
    sys.exit(2)

# The SDKs make millions of objects that live to the end; to look for dead ones among them costs a quarter of a preview.
gc.set_threshold(50_000, 20, 100)

from infra.cli import main  # noqa: E402 (only now is there what it needs)

if __name__ == "__main__":
    main(prog_name="python -m infra", complete_var="_USDATA_COMPLETE")
