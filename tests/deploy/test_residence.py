"""The state's home: conditional writes, the lock, copies before each write, the restore drill, what is refused.

The real SDK talks to a server on loopback that decides conditions as Object Storage does; what that server is not is
said in `oracle_cloud`. Which bytes `pulumi` keeps is tested with the real engine in tests/integration, where it is.
"""

import base64
import itertools
import json
import threading

import pytest

from infra.cli.refusal import Exit, Refused
from infra.deploy import bootstrap, passphrase, real, residence
from infra.deploy.bootstrap import Bootstrap
from infra.deploy.bucket import Bucket, ChangedError
from infra.engine.encoding import SECRET, SIGNATURE_KEY
from infra.engine.secrets import SecretsError, SecretsManager
from infra.residency.regions import UsRegion
from infra.residency.state_home import StateHome
from tests.deploy.oracle_cloud import COMPARTMENT, NAMESPACE

NAME = "usds-state-iad"
HOME = StateHome(
    region=UsRegion.ASHBURN, namespace=NAMESPACE, name=NAME, compartment_id=COMPARTMENT, passphrase_id=None
)
STATE = ("us-prod/state.json", "us-prod/lock.json")


def state(serial, *, provider="passphrase", secret=None):
    """A state as the file backend keeps it, told apart by a number."""
    resources = [{"urn": f"urn:pulumi:us-prod::usdata::a:b:C::r{serial}", "type": "a:b:C", "inputs": {"word": secret}}]
    latest = {"secrets_providers": {"type": provider} if provider else None, "resources": resources}
    return json.dumps({"version": 3, "checkpoint": {"stack": "us-prod", "latest": latest}}).encode()


def hidden(**content: str):
    """A secret as a state holds it."""
    return {SIGNATURE_KEY: SECRET, **content}


def refused(function, *arguments: object):
    """How a call is refused."""
    with pytest.raises(Refused) as caught:
        function(*arguments)
    return caught.value


def test_an_object_is_written_only_over_what_was_read(bucket):
    """The first write wants nothing there, each later one the ETag it replaces; whoever is late is told."""
    assert bucket.read("a") is None
    first = bucket.write("a", b"1", replacing=None)
    second = bucket.write("a", b"2", replacing=first)
    for late in (None, first):
        with pytest.raises(ChangedError):
            bucket.write("a", b"3", replacing=late)
    with pytest.raises(ChangedError):
        bucket.remove("a", etag=first)
    assert (bucket.read("a").data, bucket.read("a").etag) == (b"2", second)
    bucket.remove("a", etag=second)
    assert bucket.read("a") is None


def test_names_go_on_over_pages(bucket):
    """A listing is read to its end."""
    for number in range(5):
        bucket.write(f"x/{number}", b"", replacing=None)
    bucket.write("y", b"", replacing=None)
    assert bucket.names("x/") == [f"x/{number}" for number in range(5)]


def test_a_run_brings_back_what_it_changed(oracle, bucket, tmp_path):
    """A first run, then a second one: the state is as the last one left it, the one before is kept, no lock is left."""
    cloud, _ = oracle
    for serial in (1, 2):
        with residence.checked_out(bucket, "us-prod", tmp_path / str(serial), writable=True) as checkout:
            had = checkout.file.read_bytes() if checkout.file.exists() else None
            assert had == (state(serial - 1) if serial > 1 else None)
            checkout.file.write_bytes(state(serial))
    kept = residence.keep(bucket, "us-prod", state(1))
    assert {name for _, name in cloud.objects} == {"us-prod/state.json", kept}
    assert cloud.objects[NAME, kept][0] == state(1)
    assert cloud.objects[NAME, "us-prod/state.json"][0] == state(2)


def test_a_run_is_saved_while_it_goes_on(oracle, bucket, tmp_path):
    """Each change is brought back when asked for; without one nothing is written."""
    cloud, _ = oracle
    with residence.checked_out(bucket, "us-prod", tmp_path, writable=True) as checkout:
        checkout.save()
        assert (NAME, "us-prod/state.json") not in cloud.objects
        for serial in (1, 2, 3):
            checkout.file.write_bytes(state(serial))
            checkout.save()
            assert cloud.objects[NAME, "us-prod/state.json"][0] == state(serial)
        writes = len([call for call in cloud.calls if call.startswith("PUT")])
        checkout.save()
        assert len([call for call in cloud.calls if call.startswith("PUT")]) == writes
    assert cloud.versions[NAME, "us-prod/state.json"] == [state(1), state(2)]


def test_a_failed_run_is_brought_back_too(oracle, bucket, tmp_path):
    """What a run did before it failed is in the bucket, and the lock is gone."""
    cloud, _ = oracle

    def run() -> None:
        with residence.checked_out(bucket, "us-prod", tmp_path, writable=True) as checkout:
            checkout.file.write_bytes(state(1))
            raise ValueError("the engine failed")

    with pytest.raises(ValueError, match="engine"):
        run()
    assert {name for _, name in cloud.objects} == {"us-prod/state.json"}


def test_a_look_needs_no_lock_and_writes_nothing(oracle, bucket, tmp_path):
    """A preview reads the state, even while a run has it."""
    cloud, _ = oracle
    cloud.put(NAME, "us-prod/state.json", state(1))
    with residence.locked(bucket, "us-prod"):
        before = dict(cloud.objects)
        with residence.checked_out(bucket, "us-prod", tmp_path, writable=False) as checkout:
            assert checkout.file.read_bytes() == state(1)
            checkout.file.write_bytes(state(2))
        assert cloud.objects == before


def test_of_two_runs_at_once_one_is_refused(oracle, bucket, tmp_path):
    """However they meet, exactly one of eight has the state; the others are told who has it."""
    inside, out, results = threading.Barrier(8), threading.Event(), []

    def said(result):
        results.append(result)
        if len(results) == 8:
            out.set()

    def run(number):
        inside.wait()
        try:
            with residence.checked_out(bucket, "us-prod", tmp_path / str(number), writable=True):
                said("in")
                out.wait()
        except Refused as error:
            said(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    others = [it for it in results if it != "in"]
    assert len(others) == 7
    assert {it.code for it in others} == {Exit.FAILED}
    assert all("another run has the state of us-prod" in it.text() and '"process"' in it.text() for it in others)
    assert oracle[0].objects == {}


def test_the_lock_of_a_dead_run_is_removed_by_hand(oracle, bucket):
    """The command says whose it was; a second time there is none."""
    cloud, _ = oracle
    cloud.put(NAME, "us-prod/lock.json", b'{"host": "runner-7"}')
    assert "runner-7" in residence.unlock(bucket, "us-prod")
    assert residence.unlock(bucket, "us-prod") == ""


def test_a_write_past_the_lock_is_found_and_nothing_is_overwritten(oracle, bucket, tmp_path):
    """Somebody writes the state by hand during a run: what the run knows stays on disk, theirs in the bucket."""
    cloud, _ = oracle
    cloud.put(NAME, "us-prod/state.json", state(1))
    file = tmp_path / ".pulumi" / "stacks" / "usdata" / "us-prod.json"

    def run() -> None:
        with residence.checked_out(bucket, "us-prod", tmp_path, writable=True) as checkout:
            checkout.file.write_bytes(state(2))
            cloud.put(NAME, "us-prod/state.json", state(9))

    error = refused(run)
    assert error.code is Exit.FAILED
    assert str(file) in error.details["fix"]
    assert file.read_bytes() == state(2)
    assert cloud.objects[NAME, "us-prod/state.json"][0] == state(9)


def test_the_restore_drill(oracle, bucket, tmp_path):
    """A bad run destroys the state; it is restored from the copy, the bad one is kept, and a run goes on from it."""
    cloud, _ = oracle
    for serial in (1, 2):
        with residence.checked_out(bucket, "us-prod", tmp_path / str(serial), writable=True) as checkout:
            checkout.file.write_bytes(state(serial))
    (copy,) = bucket.names("us-prod/kept/")
    residence.restore(bucket, "us-prod", copy)
    assert cloud.objects[NAME, "us-prod/state.json"][0] == state(1)
    assert {cloud.objects[NAME, name][0] for name in bucket.names("us-prod/kept/")} == {state(1), state(2)}
    with residence.checked_out(bucket, "us-prod", tmp_path / "after", writable=True) as checkout:
        assert checkout.file.read_bytes() == state(1)
        checkout.file.write_bytes(state(3))
    assert cloud.objects[NAME, "us-prod/state.json"][0] == state(3)


@pytest.mark.parametrize("spoil", [None, b"{}"], ids=["no such copy", "a copy that was changed"])
def test_a_restore_of_something_else_is_refused(oracle, bucket, spoil):
    """Only what still is what its name says becomes the state."""
    cloud, _ = oracle
    cloud.put(NAME, "us-prod/state.json", state(2))
    copy = residence.keep(bucket, "us-prod", state(1))
    if spoil is None:
        error = refused(residence.restore, bucket, "us-prod", "us-prod/kept/none.json")
        assert copy in error.details["allowed"]
    else:
        cloud.put(NAME, copy, spoil)
        refused(residence.restore, bucket, "us-prod", copy)
    assert cloud.objects[NAME, "us-prod/state.json"][0] == state(2)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"{", "no state"),
        (b"[]", "no state"),
        (state(1, secret=hidden(plaintext='"x"')), "in the clear"),
        (state(1, provider="service", secret=hidden(ciphertext="x")), "provider service"),
        (state(1, provider="cloud"), "provider cloud"),
        (state(1, provider=None, secret=[{"deep": hidden(ciphertext="x")}]), "provider None"),
    ],
    ids=["half a file", "a list", "in the clear", "a hosted service", "another cloud's key", "no provider named"],
)
def test_a_state_whose_secrets_anyone_could_read_goes_neither_in_nor_out(oracle, bucket, tmp_path, data, says):
    """Refused when it is read, and when a run would write it."""
    cloud, _ = oracle
    with (
        pytest.raises(Refused) as caught,
        residence.checked_out(bucket, "us-prod", tmp_path / "a", writable=True) as it,
    ):
        it.file.write_bytes(data)
    assert says in caught.value.text()
    assert cloud.objects == {}
    cloud.put(NAME, "us-prod/state.json", data)
    with pytest.raises(Refused), residence.checked_out(bucket, "us-prod", tmp_path / "b", writable=False):
        pass


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"publicAccessType": "ObjectRead"}, "public access is ObjectRead"),
        ({"kmsKeyId": None}, "no key of its own"),
        ({"versioning": "Suspended"}, "versioning is Suspended"),
        ({"compartmentId": "ocid1.compartment.oc1..other"}, "compartment ocid1.compartment.oc1..other"),
    ],
)
def test_a_bucket_that_does_not_guard_is_refused(oracle, changes, says):
    """Each setting that guards a state, broken once."""
    cloud, clients = oracle
    cloud.guarded_bucket(NAME, **changes)
    assert says in refused(real.bucket_of, HOME, clients).text()


def test_a_session_that_ended(oracle, bucket):
    """No traceback, and nothing is taken for absent: an unreadable state is no new state."""
    oracle[0].ended = True
    error = refused(bucket.read, "us-prod/state.json")
    assert (error.code, error.details["given"]) == (Exit.FAILED, "status 401")


def test_a_bucket_that_is_not_there(oracle):
    """An absent bucket is no empty one."""
    missing = Bucket(client=oracle[1].storage(), namespace=NAMESPACE, name="other")
    assert refused(missing.read, "us-prod/state.json").details["given"] == "status 404"


def test_the_passphrase_is_read_from_its_secret(oracle):
    """What the secret holds; nothing where it is missing, not base64, too short or not written yet."""
    cloud, clients = oracle
    secret = "ocid1.vaultsecret.oc1.iad.aaaaaaaa1"
    home = StateHome(
        region=HOME.region, namespace=NAMESPACE, name=NAME, compartment_id=COMPARTMENT, passphrase_id=secret
    )
    assert "no passphrase yet" in refused(passphrase.read, clients, HOME).text()
    assert "404" in refused(passphrase.read, clients, home).text()
    for content in (b"short", b"\xff" * 40, b"new\nline" * 5):
        cloud.contents[secret] = base64.b64encode(content).decode()
        error = refused(passphrase.read, clients, home)
        assert "holds no passphrase" in error.text()
        assert "short" not in error.text()
    cloud.contents[secret] = "%"
    refused(passphrase.read, clients, home)
    cloud.contents[secret] = base64.b64encode(b"correct horse battery staple").decode()
    assert passphrase.read(clients, home) == "correct horse battery staple"


def test_a_salt_opens_with_its_passphrase_alone():
    """The line that bootstrap prints is what the state's own encryption takes."""
    line = passphrase.salt("correct horse battery staple")
    for word, opens in (("correct horse battery staple", True), ("another", False)):
        manager = SecretsManager(word)
        manager.adopt_salt(line)
        if opens:
            assert manager.decrypt(manager.encrypt("x")) == "x"
        else:
            with pytest.raises(SecretsError):
                manager.encrypt("x")


def script(clients, home=HOME):
    """The bootstrap of a home, which never really waits."""
    return Bootstrap(
        home=home, clients=clients, home_region=clients, group="deployers", network="usds-us-runners",
        wait=lambda _: None,
    )  # fmt: skip


def test_bootstrap_makes_a_home_that_runs_accept_and_then_nothing(oracle):
    """Five things, ready and guarded; a second run, after the passphrase was written down, changes nothing."""
    cloud, clients = oracle
    made = list(script(clients).run())
    assert [(it.what, it.is_new) for it in made] == [
        ("vault", True), ("key", True), ("bucket", True), ("passphrase", True), ("policy", True)
    ]  # fmt: skip
    secret = next(it.which for it in made if it.what == "passphrase")
    home = StateHome(
        region=HOME.region, namespace=NAMESPACE, name=NAME, compartment_id=COMPARTMENT, passphrase_id=secret
    )
    assert len(passphrase.read(clients, home)) == 48
    assert real.bucket_of(home, clients).read("us-prod/state.json") is None

    before = json.dumps([cloud.buckets, {kind: sorted(rows) for kind, rows in cloud.things.items()}], sort_keys=True)
    again = list(script(clients, home).run())
    assert [(it.what, it.which, it.is_new) for it in again] == [(it.what, it.which, False) for it in made]
    after = json.dumps([cloud.buckets, {kind: sorted(rows) for kind, rows in cloud.things.items()}], sort_keys=True)
    assert before == after


def test_an_interrupted_bootstrap_goes_on(oracle):
    """Stopped after any of its steps, the next run makes exactly the rest."""
    cloud, clients = oracle
    for done in range(6):
        steps = script(clients).run()
        new = [made.is_new for made in itertools.islice(steps, done)]
        assert new == [False] * (done - 1) + [True] * (done > 0)
        steps.close()
    assert {kind: len(rows) for kind, rows in cloud.things.items()} == {
        "vaults": 1, "keys": 1, "secrets": 1, "policies": 1
    }  # fmt: skip


def test_what_is_there_and_is_not_right_is_said_and_not_changed(oracle):
    """A key in software, a bucket anyone can read, another passphrase, a wider policy: one refusal each."""
    cloud, clients = oracle
    list(script(clients).run())
    (key,), (policy,) = (list(cloud.things[kind].values()) for kind in ("keys", "policies"))

    key["protectionMode"] = "SOFTWARE"
    assert "not in hardware" in refused(list, script(clients).run()).text()
    key["protectionMode"] = "HSM"
    cloud.buckets[NAME]["publicAccessType"] = "ObjectRead"
    assert "does not guard" in refused(list, script(clients).run()).text()
    cloud.buckets[NAME]["publicAccessType"] = "NoPublicAccess"
    other = StateHome(
        region=HOME.region, namespace=NAMESPACE, name=NAME, compartment_id=COMPARTMENT,
        passphrase_id="ocid1.vaultsecret.oc1.iad.other",
    )  # fmt: skip
    assert "another passphrase" in refused(list, script(clients, other).run()).text()
    policy["statements"] = ["Allow any-user to manage objects in tenancy"]
    assert "says something else" in refused(list, script(clients).run()).text()


def test_what_deployers_may_do_with_a_state():
    """Exactly these statements: one bucket, one secret, one region, one network; and the service's use of the key."""
    where = f"compartment id {COMPARTMENT}"
    bucket = "target.bucket.name='usds-state-iad', request.region='iad', request.networkSource.name='usds-us-runners'"
    secret = bucket.replace("target.bucket.name='usds-state-iad'", "target.secret.name='usds-state-iad-passphrase'")
    assert list(script(None).statements()) == [
        f"Allow group deployers to manage objects in {where} where all {{{bucket}}}",
        f"Allow group deployers to read buckets in {where} where all {{{bucket}}}",
        f"Allow group deployers to read secret-bundles in {where} where all {{{secret}}}",
        f"Allow service objectstorage-us-ashburn-1 to use keys in {where}",
    ]


def test_a_vault_that_never_gets_ready_is_refused(oracle, monkeypatch):
    """The script ends with the vault's state once its patience does."""
    monkeypatch.setattr(bootstrap, "_PATIENCE", 10.0)
    cloud, clients = oracle
    next(script(clients).run())
    (vault,) = cloud.things["vaults"].values()
    vault["lifecycleState"] = "RESTORING"
    assert "RESTORING" in refused(list, script(clients).run()).text()
