"""What the documents say is what the tool does: their example loads, their commands and links exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from infra.retirement.cli import main
from infra.retirement.job import Covers, Missing, load_job

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = [DOCS / "retirement.md", *sorted((DOCS / "runbooks").glob("*.md"))]


def test_the_job_file_of_the_documentation_is_a_job(tmp_path):
    """Every key of the example is read; what is optional stands there too."""
    (example,) = re.findall(r"```yaml\n(.*?)```", (DOCS / "retirement.md").read_text(), re.DOTALL)
    path = tmp_path / "job.yaml"
    path.write_text(example.replace("NAMESPACE", "axexample"))
    job = load_job(path)
    assert (job.scope.site, job.covers, job.confirm_census) == ("singapore", Covers.EVERY_VERSION, "5a1e90c2")
    assert [route.missing for routes in job.buckets.values() for route in routes] == [Missing.ARCHIVE]
    assert (set(job.signers), job.receipts) == ({"security", "compliance"}, tmp_path / "receipts/us-prod")
    assert job.reports_bucket == "usds-reports-apse1-222222222222"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    """Every relative link of a page is a file."""
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).is_file(), target


@pytest.mark.parametrize("command", ["", "census", "compare", "drain", "wipe", "verify-empty", "attest"])
def test_help_is_printed_and_every_option_in_the_documents_exists(command, capsys):
    """The help of each command; options written behind a command in the documents are options of it."""
    main([*command.split(), "--help"])
    shown = capsys.readouterr().out
    assert shown.startswith(f"Usage: python -m infra.retirement {command}".rstrip())
    for page in PAGES if command else []:
        for line in re.findall(rf"`{command}( --[^`]*)`", page.read_text()):
            for option in re.findall(r"--[a-z-]+", line):
                assert option in shown, (page.name, line)
