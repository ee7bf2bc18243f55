"""A real stack's state, from its stack file and a session's profile to the bucket and back: `real.state_at_hand` whole.

Nothing is left out but the address of the cloud: the profile, the session's signature, the plan, the salt, the
passphrase, the bucket's guards, the lock and the folder are what a run in CI has. With the ordinary command line where
it is on PATH. What that server is not is said in `oracle_cloud`.
"""

import base64
import json
import re
import shutil
from datetime import date
from functools import cache
from pathlib import Path
from textwrap import indent

import pytest
import yaml
from click.testing import CliRunner

from infra.cli.refusal import BadStackFile, Exit, Refused
from infra.cli.workspace import Workspace
from infra.deploy import bootstrap, command_line, engines, passphrase, real
from infra.deploy import oracle as oracle_clients
from infra.engine.secrets import SecretsManager
from tests.cli.project import AS_OF, STACK
from tests.deploy import oracle_cloud
from tests.support import custody

DAY = date.fromisoformat(AS_OF)
WORD = "correct horse battery staple"
SECRET = "ocid1.vaultsecret.oc1.iad.aaaaaaaa1"
STATE = f"    state: {{region: us-ashburn-1, compartmentId: {oracle_cloud.COMPARTMENT}, passphraseId: {SECRET}}}\n"
OUTSIDE = indent(yaml.safe_dump({"keys": custody.KEYS}), "    ")
BUCKET = "usds-state-iad"
NEW = {"version": 3, "checkpoint": {"stack": "us-prod", "latest": {"resources": []}}}


@cache
def salt():
    """Of the passphrase; deriving a key from that is slow on purpose."""
    return passphrase.salt(WORD)


@pytest.fixture
def home(project, oracle, tmp_path, monkeypatch):
    """A home of a state as bootstrap leaves it, a session of the profile `ci`, and the stack's workspace."""
    cloud, _ = oracle
    cloud.guarded_bucket(BUCKET)
    cloud.contents[SECRET] = base64.b64encode(WORD.encode()).decode()
    folder = tmp_path / "home" / ".oci"
    folder.mkdir(parents=True)
    key = oracle_cloud.session_pem()
    (folder / "token").write_text(oracle_cloud.TOKEN)
    (folder / "key.pem").write_bytes(key)
    (folder / "config").write_text(
        f"[ci]\ntenancy=ocid1.tenancy.oc1..aaaaaaaasandbox\nregion=us-ashburn-1\nfingerprint=00\n"
        f"key_file={folder / 'key.pem'}\nsecurity_token_file={folder / 'token'}\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(oracle_clients, "maker", found_at(cloud.url))
    text = STACK.replace("{method: ApiKey, profile: sandbox}", "{method: SecurityToken, profile: ci}") + STATE
    (project.root / "stacks" / "Pulumi.us-prod.yaml").write_text(f"{text}encryptionsalt: {salt()}\n")
    return cloud, Workspace(root=project.root, stack="us-prod")


def found_at(url):
    """The real maker of clients, which finds the test's cloud where Oracle's would be."""
    real_maker, once = oracle_clients.maker, oracle_clients.sdk("retry").NoneRetryStrategy()
    return lambda region, signer: real_maker(region, signer, service_endpoint=url, retry_strategy=once)


def test_a_run_has_the_state_at_hand_and_brings_it_home(home):
    """A first run leaves a state, the next one finds it; neither leaves a lock, a folder or the passphrase behind."""
    cloud, workspace = home
    with real.state_at_hand(workspace, DAY, writable=True) as (environment, checkout):
        folder = Path(environment["PULUMI_BACKEND_URL"].removeprefix("file://"))
        assert folder == checkout.folder.resolve()
        assert folder.stat().st_mode & 0o077 == 0
        assert environment["PULUMI_CONFIG_PASSPHRASE"] == WORD
        assert checkout.stored is None
        assert (BUCKET, "us-prod/lock.json") in cloud.objects
        checkout.file.write_text(json.dumps(NEW))
    assert not folder.exists()
    assert {name: json.loads(data) for name, (data, _) in cloud.objects.items()} == {
        (BUCKET, "us-prod/state.json"): NEW
    }
    with real.state_at_hand(workspace, DAY, writable=False) as (_, checkout):
        assert json.loads(checkout.file.read_bytes()) == NEW
        assert (BUCKET, "us-prod/lock.json") not in cloud.objects
    assert not any(WORD.encode() in data for data, _ in cloud.objects.values())


@pytest.mark.skipif(shutil.which("pulumi") is None, reason="the ordinary command line `pulumi` is not on PATH")
def test_the_ordinary_command_line_works_on_it(home):
    """It makes its stack there, and the next run's finds it; the file that was reviewed stays as it was."""
    cloud, workspace = home
    reviewed = workspace.file.read_bytes()
    with engines.opened(workspace, None, DAY, writable=True) as engine:
        first = engine.export()
    kept = json.loads(cloud.objects[BUCKET, "us-prod/state.json"][0])
    assert kept["checkpoint"]["stack"].endswith("us-prod")
    with engines.opened(workspace, None, DAY, writable=False) as engine:
        assert engine.export() == first
    assert workspace.file.read_bytes() == reviewed


def other_key(cloud, workspace):
    """A session of somebody else."""
    del cloud, workspace
    (Path("~/.oci").expanduser() / "key.pem").write_bytes(oracle_cloud.session_pem(fresh=True))


def long_lived(cloud, workspace):
    """A profile without a session token."""
    del cloud, workspace
    config = Path("~/.oci/config").expanduser()
    config.write_text("\n".join(line for line in config.read_text().splitlines() if "token" not in line))


def homeless(_cloud, workspace):
    """A stack file that does not say where the state is."""
    workspace.file.write_text(workspace.file.read_text().replace(STATE, ""))


def unsalted(_cloud, workspace):
    """One without the salt that `pulumi` would write into it."""
    workspace.file.write_text(workspace.file.read_text().partition("encryptionsalt")[0])


BREAKS = [
    (other_key, "reading the passphrase of the state failed", Exit.FAILED),
    (lambda cloud, _: setattr(cloud, "ended", True), "reading the passphrase of the state failed", Exit.FAILED),
    (long_lived, "a key that does not expire", Exit.BAD_INPUT),
    (homeless, "does not say where the state of us-prod is", Exit.BAD_INPUT),
    (unsalted, "no salt for the secrets", Exit.BAD_INPUT),
    (lambda cloud, _: cloud.contents.clear(), "reading the passphrase of the state failed", Exit.FAILED),
    (lambda cloud, _: cloud.guarded_bucket(BUCKET, kmsKeyId=None), "does not guard a state", Exit.BAD_INPUT),
    (lambda cloud, _: cloud.put(BUCKET, "us-prod/lock.json", b"{}"), "another run has the state", Exit.FAILED),
    (lambda cloud, _: cloud.put(BUCKET, "us-prod/state.json", b"no state"), "this is no state", Exit.FAILED),
]


@pytest.mark.parametrize(("spoil", "says", "code"), BREAKS, ids=[str(n) for n in range(len(BREAKS))])
def test_each_part_is_needed(home, spoil, says, code):
    """One thing wrong, the run is refused for it, and what lies in the bucket stays as it is."""
    cloud, workspace = home
    spoil(cloud, workspace)
    before = dict(cloud.objects)
    with pytest.raises(Refused, match=says) as refused, real.state_at_hand(workspace, DAY, writable=True):
        pytest.fail("the state was handed out")
    assert refused.value.code is code
    assert WORD not in refused.value.text()
    assert cloud.objects.keys() == before.keys()
    assert before.items() <= cloud.objects.items()


def said(*words: object, code=0, input_=None):
    """What a command of the deploy script prints."""
    result = CliRunner().invoke(command_line.main, [str(word) for word in words], input=input_)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture
def commands(home, monkeypatch):
    """The home, for commands that plan on the pinned day."""
    monkeypatch.setattr(command_line, "_today", lambda: DAY)
    return home


def test_a_kept_copy_is_listed_and_restored(commands):
    """`restore`: nothing was replaced yet; then one copy, which becomes the state again."""
    cloud, workspace = commands
    assert said("restore", "--stack", "us-prod") == "usdata: no state was ever replaced.\n"
    for resources in ([], [{"urn": "u"}]):
        with real.state_at_hand(workspace, DAY, writable=True) as (_, checkout):
            checkout.file.write_text(json.dumps({"checkpoint": {"latest": {"resources": resources}}}))
    (copy,) = said("restore", "--stack", "us-prod").split()
    assert said("restore", "--stack", "us-prod", "--copy", copy) == f"usdata: {copy} is the state of us-prod again.\n"
    assert json.loads(cloud.objects[BUCKET, "us-prod/state.json"][0])["checkpoint"]["latest"]["resources"] == []
    assert "no such copy" in said("restore", "--stack", "us-prod", "--copy", "us-prod/kept/none.json", code=2)


def test_a_dead_lock_is_removed_and_its_owner_named(commands):
    """`unlock`, and once more."""
    cloud, _ = commands
    cloud.put(BUCKET, "us-prod/lock.json", b'{"user": "ci"}')
    assert said("unlock", "--stack", "us-prod") == 'Unlocked. It was held by {"user": "ci"}.\n'
    assert said("unlock", "--stack", "us-prod") == "The state of us-prod was not locked.\n"


def test_bootstrap_says_what_to_write_and_ends_with_a_home(commands, monkeypatch):
    """Twice, with what it says written into the stack file in between: then a run has the state at hand."""
    cloud, workspace = commands
    monkeypatch.setitem(bootstrap.Bootstrap.__init__.__kwdefaults__, "wait", lambda _: None)
    cloud.buckets.clear()
    text = workspace.file.read_text().partition("encryptionsalt")[0]
    workspace.file.write_text(text.replace(f", passphraseId: {SECRET}", ""))
    words = ("bootstrap", "--stack", "us-prod", "--group", "deployers", "--network", "runners", "--profile", "ci")
    first = said(*words)
    assert [line.split()[:2] for line in first.splitlines()] == [
        ["made", it] for it in ("vault", "key", "bucket", "passphrase")
    ] + [["write", "state.passphraseId:"], ["made", "policy"]]
    made = re.search(r"state\.passphraseId: (\S+) into", first)[1]
    workspace.file.write_text(text.replace(SECRET, made))
    second = said(*words)
    assert [line.split()[0] for line in second.splitlines()] == [*["there"] * 5, "write"]
    salt = re.search(r"encryptionsalt: (\S+)", second)[1]
    workspace.file.write_text(workspace.file.read_text() + f"encryptionsalt: {salt}\n")
    assert "write" not in said(*words)
    with real.state_at_hand(workspace, DAY, writable=True) as (environment, _):
        assert len(environment["PULUMI_CONFIG_PASSPHRASE"]) == 48


def test_a_secret_is_sealed_for_the_stack_file(commands):
    """What `seal` prints makes the file whole; the stack's passphrase alone opens it, and the secret is not shown."""
    _, workspace = commands
    text = workspace.file.read_text()
    workspace.file.write_text(text.replace(STATE, STATE + OUTSIDE))
    with pytest.raises(BadStackFile):
        real.planned(workspace, DAY)
    told = said("seal", "--stack", "us-prod", input_=f"{custody.WORD}\n")
    assert custody.WORD not in told
    lines = told.partition("\n\n")[2]
    workspace.file.write_text(workspace.file.read_text().replace("config:\n", f"config:\n{lines}", 1))
    assert real.planned(workspace, DAY).key_care.vault.holder == "Example Custody LLC"
    manager = SecretsManager(WORD)
    manager.adopt_salt(salt())
    assert manager.decrypt(re.search(r"secure: (\S+)", lines)[1]) == custody.WORD


@pytest.mark.parametrize(
    ("edit", "secret", "said_"),
    [
        (lambda text: text, "hush", "vault: external"),
        (lambda text: text, "", "the secret is none"),
        (lambda text: text.replace("datasets:", "data:"), "hush", "data"),
    ],
    ids=["keys of Oracle's", "nothing", "a file that is not in shape"],
)
def test_nothing_else_is_sealed(commands, edit, secret, said_):
    """A stack whose keys are Oracle's, no secret at all, a file that may not be: bad input, with the reason."""
    _, workspace = commands
    workspace.file.write_text(edit(workspace.file.read_text()))
    assert said_ in said("seal", "--stack", "us-prod", code=2, input_=f"{secret}\n")


def test_a_salt_of_another_passphrase_seals_nothing(commands):
    """Nobody could open it."""
    _, workspace = commands
    text = workspace.file.read_text().replace(STATE, STATE + OUTSIDE)
    workspace.file.write_text(text.replace(salt(), passphrase.salt("another one of those")))
    assert "not of the stack's passphrase" in said("seal", "--stack", "us-prod", code=2, input_="hush\n")
