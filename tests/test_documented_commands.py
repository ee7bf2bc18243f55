"""Every command in the documents is run by a test, or says here that it needs a cloud, a network, or many minutes.

A command is what stands in backticks or in a block and names a program of this project together with what it works on.
That each command and option exists is held by tests/cli/test_documents.py; what each prints by the tests named here.
"""

import re
import shlex
from itertools import pairwise

import pytest

from infra import settings
from infra.cli import runs, workspace
from infra.residency.planner import plan
from tests.cli.conftest import applied, applied_once  # noqa: F401 (the same fixtures)
from tests.cli.project import HERE
from tests.support.programs import AS_OF

DOCUMENTS = [HERE / name for name in ("README.md", "CONTRIBUTING.md", "stacks/README.md")]
DOCUMENTS += sorted(HERE.glob("docs/**/*.md"))

HERE_TOO = {
    "infra access --stack sandbox",
    "infra preview --stack sandbox --diff",
}
"""Run below."""

CLOUD = {
    "infra doctor --resolve",
    "infra evidence --stack us-prod --state EXPORT --record RECORD --out EVIDENCE",
    "infra.deploy bootstrap --stack us-prod --group deployers --network usds-us-runners --profile admin",
    "infra.deploy login --stack us-prod",
    "infra.deploy preview --stack us-prod --out REVIEW",
    "infra.deploy redact --stack us-prod --out FILE",
    "infra.deploy restore --stack us-prod",
    "infra.deploy unlock --stack us-prod",
    "infra.deploy up --stack us-prod --review REVIEW --reviewed DIGEST",
}
"""Need Oracle Cloud; the same code runs against a test's cloud in tests/deploy."""

TESTED = {
    "infra evidence --stack NAME --out DIR": "tests/evidence/test_bundle.py",
    "infra evidence --stack sandbox --out EVIDENCE": "tests/evidence/test_bundle.py",
    "infra evidence check EVIDENCE --digest SHA256 --signer KEY": "tests/evidence/test_bundle.py",
    "infra lock --stack NAME": "tests/cli/test_lock.py",
    "infra lock --stack NAME --state EXPORT": "tests/cli/test_lock.py",
    "infra lock --stack us-prod": "tests/cli/test_lock.py",
    "infra preview --stack NAME": "tests/cli/test_commands.py",
    "infra preview --stack us-prod [--state exported.json]": "tests/cli/test_commands.py",
    "infra report --stack sandbox --html FILE": "tests/cli/test_report.py",
    "infra.deploy preview --stack sandbox --out REVIEW": "tests/deploy/test_reviews.py",
    "infra.sandbox run -- pulumi preview -s sandbox": "tests/integration/test_ordinary_cli.py",
    "infra.verify --preview preview.json": "tests/verify",
    "infra.verify explain profiles --preview preview.json": "tests/verify",
    "tests.bench census": "tests/bench/__main__.py",
}
"""Run by another test, in that file or folder."""


def commands():
    """Every command of this project in the documents, as it stands there, without the interpreter."""
    found = set()
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        for line in re.findall(r"python3? -m ((?:infra|tests)[^`\n]*)", text):
            words = re.split(r"\s+#|\s+&&|\s+>", line)[0].strip()
            if ("-->" not in words and re.search(r" (--|[A-Z[]|us-)", words)) or words.startswith("tests.bench "):
                found.add(words)
    return found


def what_ifs():
    """Those that show an edit before it is made, each with its edits."""
    asked = {c: shlex.split(c) for c in commands() if "--what-if" in c}
    return {
        command: tuple(text for before, text in pairwise(words) if before == "--what-if")
        for command, words in asked.items()
    }


OTHERS = re.compile(
    r"infra (failover|break-glass)|infra\.(retirement|sandbox (dns|health|outage))|infra [a-z]*$|\S* --help"
)
"""Documented with what they belong to, and tested there (tests/cli, tests/retirement, tests/sandbox)."""


def test_every_command_is_accounted_for():
    """Run here, run elsewhere, or in need of a cloud; nothing is listed that no document names any more."""
    found = {c for c in commands() if not OTHERS.match(c)} - set(what_ifs()) - {"infra COMMAND"}
    assert found == HERE_TOO | CLOUD | set(TESTED)
    assert [name for name in TESTED.values() if not (HERE / name).exists()] == []


@pytest.mark.parametrize("command", sorted(what_ifs()))
def test_an_edit_that_a_document_shows_may_be(command):
    """Of the shipped sandbox: the edited file plans, and plans something else than the file does."""
    before = settings.load(settings.stack_file(HERE, "sandbox"), configured=None, as_of=AS_OF)
    place = workspace.Workspace(root=HERE, stack="sandbox")
    after = runs.load(place, AS_OF, edits=runs.edits(what_ifs()[command]))
    assert after.plan != before.plan
    assert plan(after.request, AS_OF) == after.plan


@pytest.mark.parametrize("command", sorted(HERE_TOO))
def test_a_command_runs(applied, command):  # noqa: F811
    """It ends with 0 on a small stack."""
    module, *words = shlex.split(command)
    assert module == "infra"
    applied.out(*words, *(["--as-of", "2026-11-23"] if "preview" in words else []))
