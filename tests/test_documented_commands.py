"""Every command in the documents is run by a test, or says here that it needs a cloud, a network, or many minutes.

A command is what stands in backticks or in a block and names a program of this project together with what it works on.
That each command and option exists is held by tests/cli/test_documents.py; what each prints by the tests named here.
"""

import ast
import re
import shlex
from itertools import pairwise

import pytest

from infra import settings
from infra.cli import runs, workspace
from infra.residency.planner import plan
from infra.retirement import cli as retirement
from tests.cli.project import HERE
from tests.cli.test_documents import GROUPS, leaves
from tests.support.programs import AS_OF

DOCUMENTS = [HERE / name for name in ("README.md", "CONTRIBUTING.md", "stacks/README.md")]
DOCUMENTS += sorted(HERE.glob("docs/**/*.md"))

CLOUD = re.compile(r"infra doctor --resolve|infra evidence --stack us-prod.*|infra\.deploy [a-z]+ --stack us-prod.*")
"""Need Oracle Cloud; the same code runs against a test's cloud in tests/deploy."""

TESTED = {
    "infra access": "tests/cli/test_access.py",
    "infra cost": "tests/cli/test_cost.py",
    "infra evidence": "tests/evidence/test_bundle.py",
    "infra lock": "tests/cli/test_lock.py",
    "infra preview": "tests/cli/test_commands.py",
    "infra report": "tests/cli",
    "infra.deploy preview": "tests/deploy/test_reviews.py",
    "infra.sandbox": "tests/sandbox/test_command_line.py",
    "infra.retirement": "tests/retirement",
    "infra.verify": "tests/verify",
    "infra failover": "tests/cli",
    "infra break-glass": "tests/cli",
    "infra init": "tests/cli",
    "tests.bench": "tests/bench/__main__.py",
    "tests.deciders": "tests/verify/test_deciders.py",
}
"""What a command begins with, and the file or folder of the tests that run it."""


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


PLACES = {
    "infra": ("cli", "evidence"),
    "infra.deploy": ("deploy",),
    "infra.sandbox": ("sandbox",),
    "infra.verify": ("verify",),
    "infra.retirement": ("retirement",),
}
"""Where the tests of each command line stand."""


def written(folder):
    """What the tests of a folder call things with: words that follow each other in a call, a tuple or a list."""
    for path in sorted((HERE / "tests" / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(args=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts):
                    words = [part.value if isinstance(part, ast.Constant) else "" for part in parts]
                    yield tuple(word for text in words for word in (text.split() if isinstance(text, str) else ()))


@pytest.mark.parametrize("program", PLACES)
def test_every_command_is_run(program):
    """Each one that there is, by its words, in the tests of its own command line; that these hold is theirs to say."""
    runs = {run for folder in PLACES[program] for run in written(folder)}
    starts = {run[at : at + size] for run in runs for size in (1, 2) for at in range(len(run))}
    group = retirement._commands if program == "infra.retirement" else GROUPS[program]
    assert [words for words in leaves(group, ()) if words not in starts] == []


def test_every_command_is_accounted_for():
    """Run by tests that are there, or in need of a cloud, or shown below to be an edit that may be."""
    rest = [c for c in commands() if not CLOUD.fullmatch(c) and c not in what_ifs() and c != "infra COMMAND"]
    assert [c for c in rest if not any(c.startswith(known) for known in TESTED)] == []
    assert [place for place in TESTED.values() if not (HERE / place).exists()] == []


@pytest.mark.parametrize("command", sorted(what_ifs()))
def test_an_edit_that_a_document_shows_may_be(command):
    """Of the shipped sandbox: the edited file plans, and plans something else than the file does."""
    before = settings.load(settings.stack_file(HERE, "sandbox"), configured=None, as_of=AS_OF)
    place = workspace.Workspace(root=HERE, stack="sandbox")
    after = runs.load(place, AS_OF, edits=runs.edits(what_ifs()[command]))
    assert after.plan != before.plan
    assert plan(after.request, AS_OF) == after.plan
