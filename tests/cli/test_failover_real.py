"""A failover of a real stack: what the command does, what it leaves to `pulumi`, and what it says to Oracle's SDK.

Proves the order of edits, calls and hand-overs with a state that a person exports between the steps; the updates are
played on the simulated clouds. The SDK's own requests are held against a server on loopback that answers as the pages
of Oracle's API say, where the package is installed; that Oracle Cloud answers so is not shown.
"""

import json
import shutil
import sys
from datetime import date
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from infra import program, settings
from infra.cli import failover_walk, object_storage, workspace
from infra.cli.refusal import Refused
from infra.sandbox.errors import CloudError
from infra.sandbox.oci.object_api import Bucket, ObjectApi
from tests.cli.project import AS_OF, Project

NEW = "us-phoenix-1"


class Production(Project):
    """The small project's stack `us-prod`, deployed: its clouds are the sandbox's, which `pulumi` would be real on."""

    def __init__(self, root) -> None:
        super().__init__(root)
        self.production = root / "stacks" / "Pulumi.us-prod.yaml"
        self.api = ObjectApi(root / ".sandbox" / "clouds.sqlite")

    def applied(self):
        """What a person does between two steps: update, export, record."""
        shutil.copy(self.production, self.file)
        self.up()
        return self.exported()

    def exported(self):
        """The state as it is, and recorded."""
        exported = self.root / "exported.json"
        text = self.out("state", "export")
        renamed = {"urn:pulumi:sandbox::": "urn:pulumi:us-prod::", "usdata-sandbox": "usdata-us-prod"}
        for old, new in renamed.items():
            text = text.replace(old, new)
        exported.write_text(text)
        self.out("lock", "-s", "us-prod", "--state", exported, "--as-of", AS_OF)
        return exported

    def failover(self, *words: object, code=0):
        """Run the command; what it writes."""
        out, error = self.run("failover", NEW, "-s", "us-prod", "--as-of", AS_OF, *words, code=code)
        return out + error


@pytest.fixture
def production(applied_once, tmp_path, monkeypatch):
    """A project of its own whose stack is deployed."""
    root = tmp_path / "project"
    shutil.copytree(applied_once, root)
    monkeypatch.setattr(workspace, "ROOT", root)
    monkeypatch.setattr(program, "_ROOT", root)
    return Production(root)


@pytest.mark.no_cover
def test_pulumi_has_its_turn_between_the_steps(production, monkeypatch):
    """Edit and stop; go on with what was applied; make buckets writable before the update that needs it."""
    freed: list[str] = []

    class Storage(object_storage._Simulated):
        def make_writable(self, store) -> None:
            freed.append(store.bucket)
            super().make_writable(store)

    monkeypatch.setitem(sys.modules, "oci", None)
    assert "--state for a real stack" in production.failover(code=2)
    exported = production.exported()
    for halt in ("frozen", "stopped"):
        if halt == "stopped":
            out = production.failover("--state", exported, "--yes", code=2)
            assert "failover of a real stack needs the package oci" in out
            monkeypatch.setattr(failover_walk, "object_storage", Storage)
        out = production.failover("--state", exported, "--yes")
        assert f"says: primary us-ashburn-1, standby us-phoenix-1, {halt}" in out
        assert "pulumi up -s us-prod" in out
        assert settings.read(production.production.read_bytes()).request.oci.failover == halt
        assert freed == []
        exported = production.applied()
    out = production.failover("--state", exported, "--yes")
    assert "2 buckets made writable: usds-metrics-phx, usds-profiles-phx" in out
    assert freed == ["usds-metrics-phx", "usds-profiles-phx"]
    assert "says: primary us-phoenix-1, standby us-ashburn-1, frozen" in out
    # Asked again with a state from before the update: what is a replica by now is left alone, and no step is taken.
    monkeypatch.setattr(Storage, "replicates", lambda *_: True)
    monkeypatch.setattr(Storage, "read_only", lambda _, store: store.region.value == "us-ashburn-1")
    again = production.failover("--state", exported, "--yes")
    assert "which is not applied yet" in again
    assert "pulumi up -s us-prod" in again
    assert len(freed) == 2


class _Handler(BaseHTTPRequestHandler):
    """Object Storage's three operations, over the simulated cloud's own."""

    api: ObjectApi
    page = 2

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _bucket(self):
        path = urlsplit(self.path).path.split("/")
        region, namespace, bucket = path[1], path[3], path[5]
        assert self.headers["authorization"].startswith('Signature algorithm="rsa-sha256"')
        return Bucket(region, namespace, bucket), "/".join(path[6:])

    def _answer(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        """GetBucket and ListObjects, the latter in pages."""
        bucket, rest = self._bucket()
        try:
            if rest == "":
                read_only, source = self.api.read_only(bucket), self.api.replicates(bucket)
                self._answer(200, {"name": bucket.name, "isReadOnly": read_only, "replicationEnabled": source})
                return
            start = parse_qs(urlsplit(self.path).query).get("start", [""])[0]
            found = [(name, md5) for name, md5 in self.api.objects(bucket).items() if name >= start]
            listed = [{"name": name, "md5": md5, "size": 1} for name, md5 in found[: self.page]]
            more = {"nextStartWith": found[self.page][0]} if len(found) > self.page else {}
            self._answer(200, {"objects": listed, **more})
        except CloudError as error:
            self._answer(error.status, {"code": error.code, "message": error.message})

    def do_POST(self) -> None:
        """MakeBucketWritable."""
        bucket, rest = self._bucket()
        assert rest == "actions/makeBucketWritable"
        try:
            self.api.make_writable(bucket)
            self._answer(204, None)
        except CloudError as error:
            self._answer(error.status, {"code": error.code, "message": error.message})


@pytest.fixture
def oracle(production, tmp_path, monkeypatch):
    """The real SDK with a key of its own, and endpoints on loopback."""
    oci = pytest.importorskip("oci", reason="the package oci (extra lookups) is not installed")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (tmp_path / ".oci").mkdir()
    (tmp_path / ".oci" / "config").write_text(
        f"[sandbox]\nuser=ocid1.user.oc1..aaaaaaaa{'b' * 52}\nfingerprint={':'.join(['aa'] * 16)}\n"
        f"tenancy=ocid1.tenancy.oc1..aaaaaaaa{'b' * 52}\nregion=us-ashburn-1\nkey_file={tmp_path / 'key.pem'}\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"api": production.api}))
    Thread(target=server.serve_forever, daemon=True).start()
    client = oci.object_storage.ObjectStorageClient

    def at_home(config):
        return partial(client, config, retry_strategy=oci.retry.NoneRetryStrategy())(
            service_endpoint=f"http://127.0.0.1:{server.server_port}/{config['region']}"
        )

    monkeypatch.setattr(oci.object_storage, "ObjectStorageClient", at_home)
    loaded = settings.load(production.file, configured=None, as_of=date.fromisoformat(AS_OF))
    yield loaded.plan, object_storage._Oracle(loaded.plan.tenancy)
    server.shutdown()
    server.server_close()


def test_the_sdk_asks_for_what_the_api_offers(oracle, production):
    """A bucket's state, its objects in pages, making it writable; what the service refuses is told with its words."""
    plan, storage = oracle
    source, replica = next(it.placements for it in plan.datasets if it.dataset.name == "profiles")
    for number in range(5):
        production.api.put(Bucket(source.region.value, "axsandbox", source.bucket), f"o{number}", f"m{number}")
    assert storage.objects(source) == storage.objects(replica) == {f"o{number}": f"m{number}" for number in range(5)}
    assert (storage.read_only(source), storage.read_only(replica)) == (False, True)
    assert (storage.replicates(source), storage.replicates(replica)) == (True, False)
    storage.make_writable(replica)
    assert (storage.read_only(replica), storage.replicates(source)) == (False, False)
    with pytest.raises(Refused, match="usds-profiles-phx: Bucket 'usds-profiles-phx' is writable already"):
        storage.make_writable(replica)
