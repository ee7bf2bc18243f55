"""T1 on the stack's own state: where it is declared and named to lie, who can open its secrets, what is in the clear.

Proves it of what is committed and of a state; what a run's environment says is the deploy script's to refuse.
"""

import json
from contextlib import nullcontext

import pytest
import yaml
from click.testing import CliRunner

from infra.verify import home
from infra.verify.checker import checker
from infra.verify.command_line import main
from infra.verify.home import Home
from infra.verify.sources import documents
from infra.verify.theorems import storage
from infra.verify.verdict import Answer
from tests.support.graphs import context, declarations
from tests.support.programs import AS_OF, ROOT, configuration
from tests.verify.certificates import certified, preview
from tests.verify.test_sources import exported

FINE = Home()
IN_US = {"region": "us-phoenix-1"}


def judged(found, state=None):
    """T1 of the sandbox with such a home, by both deciders: the paths that it names."""
    declared = declarations("sandbox")
    deployment = {**declared.deployment, **({} if state is None else {"state": state})}
    given = context("sandbox")._replace(home=found, declared=declared._replace(deployment=deployment))
    verdict = storage.decide(given)
    assert storage.decide_slowly(given) is verdict.answer
    assert verdict.answer is (Answer.REFUTED if verdict.counterexamples else Answer.PROVED)
    return [it.path for it in verdict.counterexamples]


@pytest.mark.parametrize(
    ("found", "state", "paths"),
    [
        (FINE, None, []),
        (FINE, IN_US, []),
        (FINE, {"region": "eu-frankfurt-1"}, ["state.region"]),
        (FINE, {"region": "us-gov-ashburn-1"}, ["state.region"]),
        (FINE, {}, ["state.region"]),
        (FINE, "us-phoenix-1", ["state.region"]),
        (Home(backend="file://~"), None, []),
        (Home(backend="file://~"), IN_US, ["backend.url"]),
        (Home(backend="https://api.pulumi.com"), None, ["backend.url"]),
        (Home(backend="s3://states"), IN_US, ["backend.url"]),
        (Home(committed="passphrase", stored="passphrase"), IN_US, []),
        (Home(committed="default"), None, []),
        (Home(committed="awskms://alias/x?region=eu-central-1"), None, ["secretsprovider"]),
        (Home(stored="service"), None, ["secretsprovider"]),
        (Home(stored="cloud"), IN_US, ["secretsprovider"]),
        (Home(plain=2), None, ["secrets"]),
        (Home(exposed=True), None, ["usdata:keyManagerSecret"]),
        (
            Home(backend="https://h", committed="gcpkms://k", stored="service", plain=1),
            {"region": "eu-frankfurt-1"},
            ["backend.url", "secrets", "secretsprovider", "secretsprovider", "state.region"],
        ),
    ],
)
def test_where_the_state_is_kept(found, state, paths):
    """Exactly what is wrong, said once each."""
    assert judged(found, state) == paths


def test_a_finding_says_what_and_why():
    """In words, with the country and without what an address may carry behind a question mark."""
    (abroad,) = home.astray(FINE, {"state": {"region": "eu-frankfurt-1"}})
    assert (abroad.because, abroad.region) == ('state.region = "eu-frankfurt-1"', "eu-frankfurt-1")
    (hosted,) = home.astray(Home(stored="service"), {})
    assert hosted.what.endswith("can be opened by the hosted service that kept it")
    (elsewhere,) = home.astray(Home(committed="awskms://alias/x?region=eu&secret=y"), {})
    assert elsewhere.because == 'the stack file names the secrets provider "awskms://alias/x"'


@pytest.mark.parametrize(
    ("project", "stack", "named"),
    [
        (None, None, ("", "")),
        ("name: usdata", "config: {}", ("", "")),
        ("backend: {url: 'https://user:word@states.example.com/a?token=b'}", "", ("https://states.example.com/a", "")),
        ("backend: {url: null}", "secretsprovider: 'awskms://alias/x'", ("", "awskms://alias/x")),
        ("backend: [", "'secretsprovider': service", ("", "service")),
        ("- backend", "{", ("", "")),
    ],
)
def test_what_files_name(tmp_path, project, stack, named):
    """Whatever way YAML has to write it; a password in an address is nobody's to read."""
    for name, text in (("Pulumi.yaml", project), ("s.yaml", stack)):
        if text is not None:
            (tmp_path / name).write_text(text)
    assert home.named(tmp_path, tmp_path / "s.yaml") == named


def test_the_shipped_files_name_nothing():
    """Neither a backend nor a provider of secrets."""
    for stack in ("sandbox", "us-prod"):
        assert home.named(ROOT, ROOT / "stacks" / f"Pulumi.{stack}.yaml") == ("", "")


def secret(**content: str):
    """A secret as an engine writes it."""
    return {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", **content}


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ({"plaintext": "x"}, 0),
        (secret(ciphertext="x"), 0),
        ([secret(plaintext='"x"'), {"a": secret(plaintext='"y"'), "b": secret(ciphertext="plaintext")}], 2),
    ],
)
def test_secrets_in_the_clear_are_counted(value, number):
    """Those and no other thing that is called so."""
    assert documents.in_the_clear(json.dumps({"value": value}).encode()) == number


@pytest.mark.parametrize(
    ("config", "exposed"),
    [
        ({}, False),
        ({home.CONFIGURED: {"secure": "v1:a:b"}}, False),
        ({home.CONFIGURED: "[secret]"}, False),
        ({home.CONFIGURED: "open sesame"}, True),
        ({home.CONFIGURED: {"secure": "v1:a:b", "plain": "open sesame"}}, True),
        ({home.CONFIGURED: {}}, True),
    ],
)
def test_the_secret_of_a_configuration_is_a_secret(config, exposed):
    """As a stack file has it, or as engines show it; whatever else stands there, anyone can read."""
    assert home.exposes(config) is exposed


def test_a_secret_in_a_stack_file_is_found_whatever_the_preview_shows(tmp_path):
    """The file is read beside the document that is proved; what stands there is not repeated."""
    code, text = checked(tmp_path, secret="open sesame")
    assert code == 1
    assert "stands in the clear" in text
    assert "open sesame" not in text


def checked(tmp_path, *, edit=lambda _: None, file="", secret=None):
    """The command line on an exported state, with a stack file: its exit code and what it says."""
    state = exported("sandbox")
    edit(state["deployment"])
    (tmp_path / "stacks").mkdir()
    stack = tmp_path / "stacks" / "Pulumi.sandbox.yaml"
    config = configuration("sandbox") | ({} if secret is None else {home.CONFIGURED: secret})
    stack.write_text(file + yaml.safe_dump({"config": config}))
    (tmp_path / "state.json").write_text(json.dumps(state))
    words = ["--state", tmp_path / "state.json", "--stack-file", stack, "--as-of", AS_OF]
    result = CliRunner().invoke(main, [str(word) for word in words])
    return result.exit_code, result.stdout


def test_the_command_line_reports_it(tmp_path):
    """A state of a hosted service, with a secret in the clear, under a stack file that names a key abroad."""

    def spoil(deployment):
        deployment["secrets_providers"] = {"type": "service", "state": {}}
        deployment["resources"][-1]["outputs"] = {"word": secret(plaintext='"open sesame"')}

    code, text = checked(tmp_path, edit=spoil, file="secretsprovider: awskms://alias/x?region=eu-central-1\n")
    assert code == 1
    assert "RESIDENCY  REFUTED   T1 storage" in text
    assert "1 of the stack's secrets stand in the clear" in text
    assert 'the state names the secrets provider "service"' in text
    assert 'the stack file names the secrets provider "awskms://alias/x"' in text
    assert "open sesame" not in text


def test_the_command_line_accepts_a_passphrase(tmp_path):
    """As the deploy script keeps it."""
    code, text = checked(tmp_path, edit=lambda it: it.update(secrets_providers={"type": "passphrase", "state": {}}))
    assert (code, "PROVED" in text) == (0, True)


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (None, ""),
        (IN_US, ""),
        ({"region": "eu-frankfurt-1"}, "the state lies elsewhere"),
        ({}, "the state lies elsewhere"),
    ],
)
def test_the_checker_looks_at_it_too(state, says):
    """A state that is declared to lie abroad, or nowhere, is refused; one in the US, or none, is not."""
    found = certified("sandbox")
    stack = checker.Stack(preview("sandbox"), found | {"declared": found["declared"] | {"state": state}})
    with pytest.raises(checker.RefusedError, match=says) if says else nullcontext():
        checker.storage(stack)
