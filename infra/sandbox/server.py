"""Starts the simulated clouds: one provider server per cloud, on loopback, in threads of this process."""

from collections.abc import Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from infra.sandbox.aws.cloud import Aws
from infra.sandbox.cloud import Cloud
from infra.sandbox.faults import Faults
from infra.sandbox.oci.cloud import Oci
from infra.sandbox.provider import Provider
from infra.sandbox.store import Store

_LOOPBACK = "127.0.0.1"
_THREADS = 32  # more than the calls that an engine has in flight, so that one that hangs blocks no other
_MESSAGE_BYTES = 400 * 1024 * 1024  # the engine's own limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """Running provider servers.

    Attributes:
        addresses: package name -> `127.0.0.1:port`.
        store: what exists in the clouds.
    """

    addresses: Mapping[str, str]
    store: Store

    @property
    def debug_providers(self) -> str:
        """The addresses as the ordinary command line wants them in PULUMI_DEBUG_PROVIDERS."""
        return ",".join(f"{name}:{address.rpartition(':')[2]}" for name, address in sorted(self.addresses.items()))


def clouds() -> tuple[Cloud, ...]:
    """The simulated clouds."""
    return (Oci(), Aws())


@contextmanager
def serve(database: Path, *, faults: Faults | None = None) -> Generator[Servers]:
    """Serve the simulated clouds until the block ends. The file is opened at the first call that needs it.

    Args:
        database: file that holds the clouds' state; created with its folder when missing.
        faults: failures to inject; a test's own.
    """
    store = Store(database)
    chosen = faults or Faults()
    servers = {cloud.name: _start(Provider(cloud, store, chosen)) for cloud in clouds()}
    try:
        yield Servers(addresses={name: f"{_LOOPBACK}:{port}" for name, (_, port) in servers.items()}, store=store)
    finally:
        chosen.release()
        stopped = [server.stop(grace=1) for server, _ in servers.values()]
        for event in stopped:
            event.wait()
        store.close()


def _start(provider: Provider) -> tuple[grpc.Server, int]:
    server = grpc.server(
        ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="sandbox"),
        options=[
            ("grpc.max_receive_message_length", _MESSAGE_BYTES),
            ("grpc.max_send_message_length", _MESSAGE_BYTES),
            ("grpc.so_reuseport", 0),  # two runs at once must not share a port
        ],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    port = server.add_insecure_port(f"{_LOOPBACK}:0")
    server.start()
    return server, port
