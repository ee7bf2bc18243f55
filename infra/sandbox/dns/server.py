"""Serves the applied zones over real DNS on loopback, UDP and TCP.

A query's client is its EDNS client subnet where it has one (RFC 7871), else the address that it came from. The file of
the simulated clouds is looked at for every query, and read anew when it has changed.
"""

import random
import socketserver
import struct
import threading
from collections.abc import Generator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import dns.edns
import dns.exception
import dns.flags
import dns.message
from dns.rcode import Rcode

from infra.sandbox.dns import zones
from infra.sandbox.dns.answers import Reply, Resolver
from infra.sandbox.dns.geography import locate
from infra.sandbox.dns.parse import PolicyError
from infra.sandbox.dns.steering import AllDown, chooser
from infra.sandbox.store import SandboxFileError, Store

LOOPBACK = "127.0.0.1"
_PAYLOAD = 1232  # bytes that fit any path, the DNS flag day's recommendation
_PLAIN_UDP = 512
_ATTEMPTS = 20


class NameServer:
    """Answers messages from the simulated clouds' file."""

    def __init__(self, database: Path, *, seed: int | None = None, all_down: AllDown = AllDown.NOTHING) -> None:
        self._store = Store(database)
        self._choose = chooser(random.Random(seed))  # noqa: S311 - which edge answers is no secret
        self._all_down = all_down
        self._lock = threading.Lock()
        self._version: int | None = None
        self._resolver = Resolver(zones={}, choose=self._choose, all_down=all_down)

    def close(self) -> None:
        """Release the file."""
        self._store.close()

    def answer(self, wire: bytes, source: str, *, udp: bool) -> bytes | None:
        """The response to a message; None for what deserves none.

        Args:
            wire: the message.
            source: address that it came from.
            udp: whether the response has to fit a datagram.
        """
        try:
            query = dns.message.from_wire(wire, ignore_trailing=True)
        except dns.exception.DNSException:
            return _malformed(wire)
        if query.flags & dns.flags.QR:
            return None
        subnet = _client_subnet(query)
        reply = self._reply(query, source if subnet is None else subnet.address)
        response = dns.message.make_response(query, our_payload=_PAYLOAD)
        response.set_rcode(reply.rcode)
        response.flags |= dns.flags.AA if reply.authoritative else 0
        response.answer, response.authority = reply.answer, reply.authority
        if query.edns >= 0 and subnet is not None:
            echoed = dns.edns.ECSOption(subnet.address, subnet.srclen, subnet.srclen)
            response.use_edns(0, payload=_PAYLOAD, options=[echoed])
        limit = max(_PLAIN_UDP, min(query.payload, _PAYLOAD)) if udp else 65535
        return response.to_wire(max_size=limit, prefer_truncation=True)

    def _reply(self, query: dns.message.Message, client: str) -> Reply:
        try:
            return self._current().reply(query, locate(ip_address(client)))
        except (SandboxFileError, PolicyError, dns.exception.DNSException):
            return Reply(rcode=Rcode.SERVFAIL, authoritative=False)

    def _current(self) -> Resolver:
        with self._lock, self._store.reading() as clouds:
            version = clouds.version()
            if version != self._version:
                self._resolver = Resolver(zones=zones.load(clouds), choose=self._choose, all_down=self._all_down)
                self._version = version
            return self._resolver


def _client_subnet(query: Any) -> dns.edns.ECSOption | None:
    return next((option for option in query.options if isinstance(option, dns.edns.ECSOption)), None)


def _malformed(wire: bytes) -> bytes | None:
    """FORMERR for anything with the header of a query."""
    header = struct.Struct("!HHHHHH")
    if len(wire) < header.size or wire[2] & 0x80:
        return None
    (identifier, *_) = header.unpack_from(wire)
    return header.pack(identifier, 0x8000 | Rcode.FORMERR, 0, 0, 0, 0)


class _Udp(socketserver.UDPServer):
    max_packet_size = 65535


class _Tcp(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def _udp_handler(name_server: NameServer) -> type[socketserver.BaseRequestHandler]:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            wire, socket = self.request
            if (response := name_server.answer(wire, self.client_address[0], udp=True)) is not None:
                socket.sendto(response, self.client_address)

    return Handler


def _tcp_handler(name_server: NameServer) -> type[socketserver.BaseRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        timeout = 10

        def handle(self) -> None:
            while len(length := self.rfile.read(2)) == 2:  # noqa: PLR2004 - RFC 1035: two octets of length
                wire = self.rfile.read(int.from_bytes(length))
                response = name_server.answer(wire, self.client_address[0], udp=False)
                if response is None:
                    return
                self.wfile.write(len(response).to_bytes(2) + response)

    return Handler


@contextmanager
def serve(
    database: Path, *, port: int = 0, seed: int | None = None, all_down: AllDown = AllDown.NOTHING
) -> Generator[int]:
    """Serve DNS on 127.0.0.1 until the block ends; gives the port.

    Args:
        database: file of the simulated clouds.
        port: for UDP and TCP alike; 0 for any that is free.
        seed: makes every draw repeatable.
        all_down: what clients get when every answer of a policy is down.

    Raises:
        OSError: the port is taken.
    """
    name_server = NameServer(database, seed=seed, all_down=all_down)
    tcp, udp = _bound(port, name_server)
    threads = [threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True) for server in (tcp, udp)]
    for thread in threads:
        thread.start()
    try:
        yield udp.server_address[1]
    finally:
        for server in (tcp, udp):
            server.shutdown()
            server.server_close()
        for thread in threads:
            thread.join()
        name_server.close()


def _bound(port: int, name_server: NameServer) -> tuple[_Tcp, _Udp]:
    """Both servers on one port; a free port for one may be taken for the other, so try again."""
    for attempt in range(_ATTEMPTS):
        tcp = _Tcp((LOOPBACK, port), _tcp_handler(name_server))
        try:
            return tcp, _Udp((LOOPBACK, tcp.server_address[1]), _udp_handler(name_server))
        except OSError:
            tcp.server_close()
            if port or attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")
