"""The checker of certificates: it accepts what is proved and refuses whatever else it is given.

Proves that no single change of a certificate's or a preview's meaning passes, not even where a forger makes seal and
digests right again. Not that the rules it checks are the right ones: it is read for that.
"""

import ast
import json
import subprocess
import sys
from random import Random

import pytest

from infra.verify.checker import checker
from tests.support.graphs import STACKS
from tests.verify.certificates import certified, changed, leaves, preview, refusal, resealed
from tests.verify.test_leaks import LEAKS, Stack

FILE = checker.__file__
CHANGES = 40
"""Of each kind and stack; `make proofs` does more."""

NO_MEANING = {"custom", "sourcePosition", "provider"}
"""What a preview says beside: nothing is decided by it. (Another provider is a leak; here only its id would change.)"""


NOT_DERIVED = {
    *("a back end that nobody declared", "a bucket in a compartment for others"),
    *("a bucket of a stranger's namespace", "a compartment of nobody's", "a compartment somewhere else"),
    *("a connector that carries metrics", "a firewall that redirects", "a gateway that cannot be read"),
    *("a listener at another port", "a listener with old TLS", "a log that no service writes"),
    *("a monitor that looks elsewhere", "a network of version 6", "a network that is wider than declared"),
    *("a peer of another region", "a policy that is not at the root", "a route to everywhere over a router"),
    *("a rule for everybody beside data", "a rule that tells something else", "a service that makes policies"),
    *("a site's alarms are told to somebody else", "a site's calls are told elsewhere", "a stranger's certificate"),
    *("an address that another can get", "an attribute out of use", "an auditor who reads"),
    *("an endpoint into a stranger's namespace", "an operator in all of the organization"),
    *("an operator who opens buckets", "back ends in plain text", "back ends of any authority"),
    *("buckets of another interface at the root", "nobody is told by mail", "one more address of nobody's"),
    *("packet routing of a compartment", "somebody else deploys", "somebody who is told and was not declared"),
    *("whoever answers at a back end's address",),
}  # fmt: skip
"""Leaks that are for the two deciders: the checker has no room for them, and `docs/proof.md` says so."""


@pytest.fixture(scope="module", params=STACKS)
def case(request):
    """A stack's certificate and preview."""
    return certified(request.param), preview(request.param)


def test_it_accepts_what_is_proved(case):
    """And says what it took from the certificate."""
    lines = checker.check(*case)
    assert lines[0].startswith("ACCEPTED")
    assert lines[2].endswith("are the preview's own")


@pytest.mark.no_cover
def test_no_change_of_a_certificate_passes(case):
    """Any value changed or removed, with the seal as it was and made right again; another day may be as good."""
    found, document = case
    models = checker.sha256(checker.canonical(found["models"]))
    random = Random(1)  # noqa: S311 (seeded changes, no secret)
    paths = [path for path in leaves(found) if path != ("seal",)]
    for path in random.sample(paths, CHANGES):
        forged = changed(found, path, random)
        assert refusal(forged, document), path
        assert path == ("asOf",) or refusal(resealed(forged), document, models), path


def test_no_change_of_a_preview_passes(case):
    """Any value of any resource changed or removed."""
    found, document = case
    random = Random(2)  # noqa: S311 (the same)
    paths = [path for path in leaves(document["steps"]) if len(path) > 2 and path[2] not in NO_MEANING]
    for path in random.sample(paths, CHANGES // 5):
        forged = changed({"steps": document["steps"]}, ("steps", *path), random)
        assert refusal(found, document | forged), path


@pytest.mark.parametrize(("name", "edit"), [(n, e) for _, n, e, _ in LEAKS], ids=[n for _, n, _, _ in LEAKS])
def test_a_leak_has_no_certificate(name, edit):
    """Not even one whose digests are right, but for those named above: what is claimed does not follow from it."""
    stack = Stack()
    edit(stack)
    document = preview("us-prod") | {"steps": stack.steps}
    why = refusal(resealed(certified("us-prod"), document), document)
    assert bool(why) is (name not in NOT_DERIVED)
    assert "digest" not in why
    assert "seal" not in why


def test_it_stands_alone(tmp_path):
    """At most 500 lines, the standard library only, and run by itself with nothing else to import."""
    text = checker.__loader__.get_data(FILE).decode()
    assert len(text.splitlines()) <= 500
    modules = {
        node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert {module.partition(".")[0] for module in modules} <= sys.stdlib_module_names
    certificate, document = tmp_path / "c.json", tmp_path / "p.json"
    certificate.write_text(json.dumps(certified("sandbox")))
    document.write_text(json.dumps(preview("sandbox")))

    def run(*arguments: object):
        command = [sys.executable, "-I", FILE, *map(str, arguments)]
        return subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)  # noqa: S603

    assert run(certificate, document).stdout.startswith("ACCEPTED")
    assert run(certificate, document, "--models", "0" * 64).returncode == 1
    assert run(certificate, certificate).returncode == 1
    assert run(certificate, tmp_path / "none.json").returncode == 2
