"""A CI job's login, whole: its identity token from the platform, the exchange, the profile, and a state read with it.

The platform and the identity domain are one server on loopback, which believes one job: it checks who asks for an
identity and for whom, the application's word, and the token that is exchanged. It signs nothing and judges no subject;
which jobs a domain believes is proved from the stack in tests/verify.
"""

import base64
import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import load_der_public_key

from infra.deploy import command_line, real
from tests.deploy.test_state_at_hand import DAY, WORD, home  # noqa: F401 (a fixture)

SESSION = ".".join(
    base64.urlsafe_b64encode(part.encode()).decode().rstrip("=")
    for part in ('{"alg": "none"}', json.dumps({"iat": int(time.time()), "exp": int(time.time()) + 3600}), "signature")
)
"""What the domain gives for an identity: an hour's session, as the SDK reads it."""


@contextmanager
def believing(cloud):
    """A platform and a domain that believe one job; yields the variables that the job has."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            """Says nothing."""

        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query)
            known = self.headers["authorization"] == "Bearer job" and asked.get("api-version") == ["2.0"]
            self._answer(known, {"value": f"identity for {asked['audience'][0]}"})

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
            word = self.headers["authorization"] == "Basic " + base64.b64encode(b"application:word").decode()
            believed = word and form["subject_token"] == [f"identity for {cloud.domain}"]
            if believed and self.path == "/oauth2/v1/token":
                cloud.public_key = load_der_public_key(base64.b64decode(form["public_key"][0]))
                cloud.token = SESSION
            self._answer(believed, {"token": SESSION})

        def _answer(self, believed, document):
            body = json.dumps(document if believed else {"error": "not believed"}).encode()
            self.send_response(200 if believed else 401)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    cloud.domain = f"http://127.0.0.1:{server.server_port}"
    try:
        yield {
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{cloud.domain}/identity?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "job",
            "OCI_DOMAIN_URL": cloud.domain,
            "OCI_EXCHANGE_CLIENT": "application",
            "OCI_EXCHANGE_SECRET": "word",
        }
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def logged_in(environment):
    """The command, with a job's variables: its exit code and what it says."""
    result = CliRunner().invoke(command_line.main, ["login", "--stack", "us-prod"], env=environment)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


@pytest.fixture
def job(home, monkeypatch):  # noqa: F811 (the fixture)
    """A runner without a session, at the home of a state."""
    cloud, workspace = home
    for name in ("config", "token", "key.pem"):
        (Path("~/.oci").expanduser() / name).unlink()
    monkeypatch.setattr(command_line, "_today", lambda: DAY)
    with believing(cloud) as environment:
        yield cloud, workspace, environment


def test_a_job_gets_a_session_that_reads_the_state(job):
    """Two identities, one for each cloud; files that only their owner reads; and the state is at hand with them."""
    cloud, workspace, environment = job
    code, said = logged_in(environment)
    folder = Path("~/.oci").expanduser()
    assert (code, said) == (0, f"usdata: a session of an hour is in {folder / 'config'}.\n")
    assert (folder / "aws.token").read_text() == "identity for sts.amazonaws.com"
    files = {"aws.token", "config", "session.pem", "session.token"}
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == dict.fromkeys(files, 0o600)
    with real.state_at_hand(workspace, DAY, writable=True) as (given, _):
        assert given["PULUMI_CONFIG_PASSPHRASE"] == WORD
    assert cloud.token == SESSION


@pytest.mark.parametrize(
    ("name", "value", "code", "says"),
    [
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "", 2, "without ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "another", 1, "GitHub gave no identity token"),
        ("OCI_EXCHANGE_SECRET", "guess", 1, "does not believe this job"),
        ("OCI_EXCHANGE_CLIENT", "other", 1, "does not believe this job"),
    ],
)
def test_whoever_is_not_believed_gets_none(job, name, value, code, says):
    """Nothing is written, and no word or token is said."""
    _, _, environment = job
    ended, said = logged_in({**environment, name: value})
    assert ended == code
    assert says in said
    assert not [word for word in ("word", "identity for", "guess", SESSION) if word in said]
    assert not list(Path("~/.oci").expanduser().iterdir())
