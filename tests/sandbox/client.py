"""A small engine's side of the provider protocol: one configured provider instance over its own connection."""

from __future__ import annotations

from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from infra.sandbox.values import from_wire, to_wire

Pb: Any = provider_pb2

TENANCY = "ocid1.tenancy.oc1..tenancy"
ACCOUNT = "222222222222"


class Refused(Exception):  # noqa: N818 - what the server did
    """A call that ended in an error, with its text and status."""

    def __init__(self, error: grpc.RpcError) -> None:
        super().__init__(error.details())
        self.code = error.code()
        self.details = error.details() or ""
        self.metadata = dict(error.trailing_metadata() or ())


class CheckFailed(Exception):  # noqa: N818 - the protocol's word is failure
    """Check found problems."""

    def __init__(self, failures: Any) -> None:
        self.reasons = [failure.reason for failure in failures]
        super().__init__("; ".join(self.reasons))


class Client:
    """One provider instance."""

    def __init__(self, address: str, settings: dict[str, Any] | None, name: str = "p") -> None:
        self.channel = grpc.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])
        self.stub = provider_pb2_grpc.ResourceProviderStub(self.channel)
        self.package = name
        self.call("Handshake", Pb.ProviderHandshakeRequest(configure_with_urn=True))
        if settings is not None:
            self.call("Configure", Pb.ConfigureRequest(args=to_wire(settings), name=name))

    def call(self, method: str, request: Any) -> Any:
        """One call; errors become `Refused`."""
        try:
            return getattr(self.stub, method)(request, timeout=60)
        except grpc.RpcError as error:
            raise Refused(error) from None

    def check(
        self, token: str, news: dict[str, Any], olds: dict[str, Any] | None = None, *, name: str = "x"
    ) -> dict[str, Any]:
        """Checked inputs."""
        request = Pb.CheckRequest(
            urn=urn(token, name),
            olds=to_wire(olds or {}),
            news=to_wire(news),
            randomSeed=b"seed",
            name=name,
            type=token,
        )
        response = self.call("Check", request)
        if response.failures:
            raise CheckFailed(response.failures)
        return from_wire(response.inputs)

    def create(self, token: str, inputs: dict[str, Any], *, name: str = "x", preview: bool = False) -> tuple[str, Any]:
        """Check and create: (id, outputs)."""
        checked = self.check(token, inputs, name=name)
        request = Pb.CreateRequest(
            urn=urn(token, name), properties=to_wire(checked), preview=preview, name=name, type=token
        )
        response = self.call("Create", request)
        return response.id, from_wire(response.properties)

    def update(
        self,
        token: str,
        id_: str,
        old: dict[str, Any],
        new: dict[str, Any],
        *,
        inputs: dict[str, Any] | None = None,
        name: str = "x",
        preview: bool = False,
    ) -> dict[str, Any]:
        """Check and update: outputs. `old` are the last outputs, `inputs` the last inputs (left out: the new)."""
        checked = self.check(token, new, name=name)
        request = Pb.UpdateRequest(
            id=id_, urn=urn(token, name), olds=to_wire(old), news=to_wire(checked),
            old_inputs=to_wire(checked if inputs is None else inputs), preview=preview, name=name, type=token,
        )  # fmt: skip
        return from_wire(self.call("Update", request).properties)

    def diff(
        self,
        token: str,
        old: dict[str, Any],
        new: dict[str, Any],
        *,
        state: dict[str, Any] | None = None,
        ignore: tuple[str, ...] = (),
    ) -> Any:
        """The raw answer to Diff."""
        request = Pb.DiffRequest(
            id="i", urn=urn(token, "x"), olds=to_wire(state or old), news=to_wire(new), old_inputs=to_wire(old),
            ignoreChanges=list(ignore), name="x", type=token,
        )  # fmt: skip
        return self.call("Diff", request)

    def read(
        self, token: str, id_: str, properties: dict[str, Any] | None = None, inputs: dict[str, Any] | None = None
    ) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """(id, outputs, inputs); id "" for a resource that is not there."""
        request = Pb.ReadRequest(
            id=id_, urn=urn(token, "x"), properties=to_wire(properties or {}), inputs=to_wire(inputs or {}),
            name="x", type=token,
        )  # fmt: skip
        response = self.call("Read", request)
        return response.id, from_wire(response.properties), from_wire(response.inputs)

    def delete(self, token: str, id_: str, properties: dict[str, Any] | None = None, *, name: str = "x") -> None:
        """Delete."""
        request = Pb.DeleteRequest(
            id=id_, urn=urn(token, name), properties=to_wire(properties or {}), name=name, type=token
        )
        self.call("Delete", request)

    def close(self) -> None:
        """End the connection."""
        self.channel.close()


def urn(token: str, name: str) -> str:
    """A URN as the engine makes it."""
    return f"urn:pulumi:dev::lab::{token}::{name}"
