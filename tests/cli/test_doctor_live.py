"""`doctor --live`, by the real SDK against a loopback server that answers two of Oracle Cloud's services.

Proves what is asked, how answers are held against the plan, and how failures are told; not that Oracle's limits have
these names in every tenancy: one that it does not name is said, and judged by nobody.
"""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from infra.cli import live
from tests.cli.project import HERE

oci = pytest.importorskip("oci", reason="needs the package oci (extra lookups)")

ALLOWED = {"vcn-count": 50, "drg-count": 5, "reserved-public-ip-count": 50, "lb-flexible-count": 10}


class Cloud:
    """What the services say: subscriptions, limits and their use; `refuse` makes every answer a 404."""

    def __init__(self) -> None:
        self.regions = {"us-ashburn-1": "READY", "us-phoenix-1": "READY"}
        self.home = "us-ashburn-1"
        self.allowed = dict(ALLOWED)
        self.used = dict.fromkeys(ALLOWED, 0)
        self.refuse = False
        self.asked = []

    def answer(self, path, query):
        """The document that a path answers with."""
        self.asked.append(path)
        if path.endswith("/regionSubscriptions"):
            return [
                {"regionKey": "X", "regionName": name, "status": status, "isHomeRegion": name == self.home}
                for name, status in self.regions.items()
            ]
        if path == "/20190729/limitValues":
            name = query["name"][0]
            return [{"name": name, "scopeType": "REGION", "value": self.allowed[name]}] if name in self.allowed else []
        name = path.split("/")[-2]
        return {"used": self.used[name], "available": self.allowed[name] - self.used[name]}


@pytest.fixture(scope="module")
def configuration(tmp_path_factory):
    """What a profile of the SDK holds, with a key of its own."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 (only here)
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 (the same)

    file = tmp_path_factory.mktemp("key") / "key.pem"
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(key.private_bytes(*form))
    return {
        "user": "ocid1.user.oc1..aaaaaaaatest",
        "tenancy": "ocid1.tenancy.oc1..aaaaaaaatest",
        "fingerprint": ":".join(["00"] * 16),
        "key_file": str(file),
        "region": "us-ashburn-1",
    }


@contextmanager
def serving(cloud):
    """The address of a server that answers for a cloud."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_words: object):
            """Says nothing."""

        def do_GET(self):
            split = urlsplit(self.path)
            missing = {"code": "NotAuthorizedOrNotFound", "message": "you may not"}
            document = missing if cloud.refuse else cloud.answer(split.path, parse_qs(split.query))
            body = json.dumps(document).encode()
            self.send_response(404 if cloud.refuse else 200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def cloud(configuration, monkeypatch):
    """A cloud that has all that the plan needs, and the clients that ask it."""
    found = Cloud()
    with serving(found) as url:
        once = {"service_endpoint": url, "retry_strategy": oci.retry.NoneRetryStrategy()}
        clients = live.Clients(
            identity=oci.identity.IdentityClient(configuration, **once),
            limits=lambda _region: oci.limits.LimitsClient(configuration, **once),
        )
        monkeypatch.setattr(live, "connect", lambda _profile: clients)
        yield found


def rows(project, code=0):
    """What the doctor says that only a cloud knows, by subject."""
    out = project.out("doctor", "--stack", "sandbox", "--live", "--json", code=code)
    return {
        row["subject"]: row for row in json.loads(out) if row["subject"].startswith(("subscription", "home", "limit"))
    }


def test_all_is_there(project, cloud):
    """Every region, the home region and every limit that the plan needs, and no other."""
    found = rows(project)
    assert {row["verdict"] for row in found.values()} == {"ok"}
    assert sorted(found) == [
        "home region",
        *(f"limit {name} in {region}" for name in ("drg-count", "vcn-count") for region in cloud.regions),
        *(f"subscription {region}" for region in cloud.regions),
    ]
    assert found["limit vcn-count in us-ashburn-1"]["found"] == "1 planned, 50 allowed, 0 used"


HALF = {"us-ashburn-1": "READY"}
DRG = "limit drg-count in us-phoenix-1"
WRONG = {
    "not subscribed": ({"regions": HALF}, "subscription us-phoenix-1", "missing", "--region-key PHX"),
    "not ready": ({"regions": {**HALF, "us-phoenix-1": "IN_PROGRESS"}}, "subscription us-phoenix-1", "missing", ""),
    "another home": ({"home": "us-phoenix-1"}, "home region", "missing", "write oci.homeRegion: us-phoenix-1"),
    "too low": ({"allowed": {**ALLOWED, "drg-count": 0}}, DRG, "missing", "ask Oracle for 1"),
    "used up": ({"used": {**dict.fromkeys(ALLOWED, 0), "drg-count": 5}}, DRG, "optional", "this stack's own"),
    "no such limit": ({"allowed": {"vcn-count": 50}}, DRG, "optional", "look it up by hand"),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_what_is_missing(project, cloud, case):
    """Exactly that is told, with what to do; what may be this stack's own use is no fault."""
    change, subject, verdict, said = case
    for name, value in change.items():
        setattr(cloud, name, value)
    found = rows(project, code=2 if verdict == "missing" else 0)
    wrong = {name for name, row in found.items() if row["verdict"] != "ok"}
    assert subject in wrong
    assert {name.partition(" in ")[0] for name in wrong} == {subject.partition(" in ")[0]}
    assert found[subject]["verdict"] == verdict
    assert said in found[subject]["fix"]


def test_no_answer(project, cloud):
    """One sentence, exit 2."""
    cloud.refuse = True
    _, err = project.run("doctor", "--stack", "sandbox", "--live", code=2)
    assert "Oracle Cloud did not answer: you may not" in err


def test_without_credentials(project, monkeypatch, tmp_path):
    """The profile that the stack file names, and what to do without one."""
    monkeypatch.setenv("OCI_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setattr(oci.config, "DEFAULT_LOCATION", str(tmp_path / "none"))
    _, err = project.run("doctor", "--stack", "sandbox", "--live", code=2)
    assert "--live needs credentials of Oracle Cloud" in err
    assert "profile sandbox" in err
    assert "lookups = [" in (HERE / "pyproject.toml").read_text()
