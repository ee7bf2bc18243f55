"""The secret with which the key manager is asked, through every command: whatever is written, it is not in it.

One life of a stack whose keys are held outside Oracle. Proves it of what the commands write and of the state that the
embedded engine keeps, for a secret that is opened (a simulated stack's) and for one that cannot be (a real one's).
"""

import json

import pytest
import yaml

from infra.deploy.redact import redact
from infra.sandbox.ordinary_cli import ENCRYPTION_SALT
from tests.cli.project import AS_OF, STACK, make_project
from tests.support import custody

WORD, HIDDEN = custody.WORD, "[secret]"
SEALED = {"secure": custody.SANDBOX_CIPHERTEXT}


def content(secret):
    """The small stack with its keys outside."""
    document = yaml.safe_load(STACK)
    document["config"]["usdata:deployment"]["keys"] = custody.KEYS
    document["config"][custody.SECRET_KEY] = secret
    return yaml.safe_dump(document | {"encryptionsalt": ENCRYPTION_SALT}, sort_keys=False)


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """An applied project whose keys are outside, and what was written on the way to it."""
    with pytest.MonkeyPatch.context() as patch:  # one life for all of it: each command costs a second
        project = make_project(tmp_path_factory.mktemp("outside") / "project", patch)
        project.file.write_text(content(SEALED))
        (project.root / "stacks" / "Pulumi.us-prod.yaml").write_text(content(SEALED))
        before = [project.preview("--diff"), project.up()]
        yield project, before


@pytest.mark.no_cover
def test_previews_and_updates_show_that_there_is_one_and_not_which(outside):
    """Every property in text, and what an update did."""
    _, (text, update) = outside
    assert WORD not in text + update
    assert "clientAppSecret" in text
    assert "held by Example Custody LLC" in " ".join(text.split())
    assert "HSM key" not in text


@pytest.mark.no_cover
def test_what_reviewers_and_auditors_get_does_not_have_it(outside, tmp_path):
    """Page, comment and results; and the whole evidence bundle."""
    project, _ = outside
    names = {"--html": "page.html", "--markdown": "comment.md", "--junit": "results.xml"}
    files = [word for option, name in names.items() for word in (option, tmp_path / name)]
    project.out("report", "--stack", "sandbox", "--as-of", AS_OF, *files)
    project.out("evidence", "--stack", "sandbox", "--as-of", AS_OF, "--out", tmp_path / "bundle")
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > len(names) + 5
    assert not [path for path in written if WORD.encode() in path.read_bytes()]
    page = (tmp_path / "page.html").read_text()
    assert "with Example Custody LLC" in page
    assert "hardware, stays here" not in page


@pytest.mark.no_cover
def test_the_state_keeps_it_encrypted_and_the_redacted_one_not_at_all(outside):
    """In what went in and in all of what came back; of the redacted state not even the ciphertext stays."""
    project, _ = outside
    text = project.state.read_text()
    assert WORD not in text
    (vault, *_) = [it for it in json.loads(text)["deployment"]["resources"] if it["type"] == "oci:Kms/vault:Vault"]
    assert set(vault["inputs"]["externalKeyManagerMetadata"]["oauthMetadata"]["clientAppSecret"]) >= {"ciphertext"}
    assert set(vault["outputs"]["externalKeyManagerMetadata"]) >= {"ciphertext"}
    public = json.dumps(redact(json.loads(text)))
    assert vault["inputs"]["externalKeyManagerMetadata"]["oauthMetadata"]["clientAppSecret"]["ciphertext"] not in public
    assert vault["outputs"]["externalKeyManagerMetadata"]["ciphertext"] not in public


@pytest.mark.no_cover
def test_without_the_passphrase_a_changed_secret_changes_nothing(outside):
    """Oracle takes no other one for a vault that is there: nothing would be replaced. With it: `make both-engines`."""
    project, _ = outside
    try:
        project.file.write_text(content({"secure": custody.SANDBOX_OTHER}))
        assert project.steps("--state", project.state) == set()
    finally:
        project.file.write_text(content(SEALED))


def test_without_the_passphrase_it_is_not_known_and_not_asked_for(outside):
    """A real stack's preview opens nothing: the secret is one that is not known, the plan is proved for its holder."""
    project, _ = outside
    project.run("lock", "--stack", "us-prod", "--as-of", AS_OF)
    document = json.loads(project.out("preview", "--stack", "us-prod", "--as-of", AS_OF, "--json"))
    vaults = [it["newState"]["inputs"] for it in document["steps"] if it["newState"]["type"] == "oci:Kms/vault:Vault"]
    assert {it["externalKeyManagerMetadata"]["oauthMetadata"]["clientAppSecret"] for it in vaults} == {HIDDEN}
    assert document["config"][custody.SECRET_KEY] == HIDDEN
    assert document["residency"]["answer"] == "PROVED"
    assert "Example Custody LLC" in json.dumps(document["residency"]["theorems"])


@pytest.mark.parametrize(
    ("secret", "said"),
    [(WORD, "is not shown"), ({"secure": custody.CIPHERTEXT}, "cannot be opened")],
    ids=["in the clear", "of another passphrase"],
)
def test_a_secret_that_is_none_is_bad_input(outside, secret, said):
    """Exit code 2, a reason and no traceback; what stands there is not repeated."""
    project, _ = outside
    try:
        project.file.write_text(content(secret))
        out, err = project.run("preview", "--stack", "sandbox", "--as-of", AS_OF, code=2)
        assert said in out + err
        assert WORD not in out + err
        assert "Traceback" not in out + err
    finally:
        project.file.write_text(content(SEALED))
