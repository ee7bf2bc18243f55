"""A stack file of which one part is written out, and what is read of that part."""

from textwrap import indent
from typing import Any

from infra.residency.findings import Rule
from infra.settings import read

REST = """\
config:
  usdata:deployment:
    organization: usds
    oci: {}
    datasets: {}
    legacy: {}
"""


def with_part(name: str, text: str) -> bytes:
    """The content of a stack file with a part below the deployment."""
    return f"{REST}    {name}:\n{indent(text, ' ' * 6)}".encode()


def read_part(name: str, text: str | None) -> tuple[Any, set[tuple[str, Rule]]]:
    """The request of a part, and the findings below it; None leaves the part out."""
    file = read(REST.encode() if text is None else with_part(name, text))
    return getattr(file.request, name), {(it.path, it.rule) for it in file.findings if it.path.startswith(name)}
