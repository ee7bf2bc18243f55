"""The commands `dns` and `health`, as a person runs them."""

import os
import re
import signal
import socket
import subprocess
import sys

import dns.message
import dns.query
import dns.rcode
import pytest
from click.testing import CliRunner

from infra.sandbox import command_line
from infra.sandbox.dns.tokens import LOAD_BALANCER
from infra.sandbox.store import Record, Store

ADDRESS = "192.0.2.1"


@pytest.fixture
def database(tmp_path, monkeypatch):
    """A file with one edge, in place of the project's own."""
    path = tmp_path / "clouds.sqlite"
    store = Store(path)
    with store.changing() as clouds:
        clouds.put(
            Record(
                cloud="oci",
                account="tenancy",
                region="us-ashburn-1",
                type=LOAD_BALANCER,
                id="lb",
                name=None,
                inputs={"displayName": "usds-edge-iad"},
                outputs={"ipAddressDetails": [{"ipAddress": ADDRESS, "isPublic": True}]},
            )
        )
    store.close()
    monkeypatch.setattr(command_line, "DATABASE", path)
    return path


def run(*words: str):
    """Exit code and output."""
    result = CliRunner().invoke(command_line.main, words)
    return result.exit_code, result.output


@pytest.mark.usefixtures("database")
def test_health_says_what_it_changed():
    """Down, then up; the file remembers."""
    assert run("health", "usds-edge-iad", "down") == (0, f"usds-edge-iad is down: {ADDRESS}\n")
    assert run("health", "us-ashburn-1", "up") == (0, f"us-ashburn-1 is up: {ADDRESS}\n")


@pytest.mark.usefixtures("database")
def test_a_misspelled_edge_is_bad_input():
    """Exit 2, and the names that there are."""
    code, text = run("health", "usds-edge-lad", "down")
    assert code == 2
    assert "192.0.2.1, us-ashburn-1, usds-edge-iad" in text


def test_an_unusable_file_is_bad_input(database):
    """Exit 2 and no traceback."""
    for path in database.parent.glob("*"):
        path.unlink()
    database.write_text("not a database" * 100)
    code, text = run("health", "usds-edge-iad", "down")
    assert code == 2
    assert "cannot be used" in text


@pytest.mark.usefixtures("database")
def test_a_taken_port_is_bad_input():
    """Exit 2; says which port and what to do."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, text = run("dns", "--port", str(port))
    assert code == 2
    assert f"port {port}" in text


@pytest.mark.usefixtures("database")
def test_dns_serves_until_it_is_told_to_stop(monkeypatch):
    """The first line names the port; a query is answered; the signal ends it with exit 0."""
    codes = []

    def ask_and_stop(text: str) -> None:
        port = int(re.search(r"port (\d+)", text)[1])
        query = dns.message.make_query("x.example", "A")
        codes.append(dns.query.udp(query, "127.0.0.1", port=port, timeout=60).rcode())
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("click.echo", ask_and_stop)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        assert run("dns", "--port", "0", "--seed", "1")[0] == 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert codes == [dns.rcode.REFUSED]


def test_the_command_line_loads_no_dns_library_for_other_commands():
    """Start-up stays quick, and `run` needs no more than before."""
    code = "import sys; import infra.sandbox.command_line; print('dns.message' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - this interpreter
    assert result.stdout == "False\n"
