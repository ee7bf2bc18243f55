"""A provider instance behind the real provider protocol: one gRPC channel to a running provider server.

The sequence is that of Pulumi's engine attached to a server that runs already (`PULUMI_DEBUG_PROVIDERS`):
`Handshake`, `Attach`, then what the engine asks. A server tells several instances apart by their connections, so each
instance opens its own. No engine service is offered to the provider: the address handed to it leads nowhere, and a
provider that logs through it gets an error it may ignore.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol, cast

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import errors_pb2, plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from infra.engine import urns, wire
from infra.engine.provider import (
    Changes,
    CheckResult,
    CreateResult,
    DiffKind,
    DiffResult,
    Failure,
    Handshake,
    InitFailedError,
    InvokeResult,
    PropertyDiff,
    ProviderError,
    ReadResult,
    UpdateResult,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from google.protobuf import struct_pb2

    from infra.engine.values import Properties

_MAX_MESSAGE: Final = 400 * 1024 * 1024
_CONNECT_SECONDS: Final = 30.0
_NOWHERE: Final = "127.0.0.1:0"
_KINDS: Final = {
    provider_pb2.PropertyDiff.ADD: DiffKind.ADD,
    provider_pb2.PropertyDiff.ADD_REPLACE: DiffKind.ADD_REPLACE,
    provider_pb2.PropertyDiff.DELETE: DiffKind.DELETE,
    provider_pb2.PropertyDiff.DELETE_REPLACE: DiffKind.DELETE_REPLACE,
    provider_pb2.PropertyDiff.UPDATE: DiffKind.UPDATE,
    provider_pb2.PropertyDiff.UPDATE_REPLACE: DiffKind.UPDATE_REPLACE,
}
_CHANGES: Final = {
    provider_pb2.DiffResponse.DIFF_UNKNOWN: Changes.UNKNOWN,
    provider_pb2.DiffResponse.DIFF_NONE: Changes.NONE,
    provider_pb2.DiffResponse.DIFF_SOME: Changes.SOME,
}
_UNSURE: Final = frozenset({grpc.StatusCode.INTERNAL, grpc.StatusCode.DATA_LOSS, grpc.StatusCode.UNKNOWN})


class _Failed(Protocol):
    """The part of a gRPC error that matters; the library does not type it."""

    def code(self) -> grpc.StatusCode: ...
    def details(self) -> str | None: ...
    def trailing_metadata(self) -> Iterable[tuple[str, str | bytes]] | None: ...


class GrpcProvider:
    """The client side of one instance; satisfies `provider.Provider`."""

    def __init__(self, package: str, address: str) -> None:
        """Connect to the server at `address` (`host:port`) and shake hands.

        Raises:
            ProviderError: Nothing answers there, or what answers is no provider.
        """
        self._channel = grpc.insecure_channel(
            address,
            options=[
                ("grpc.max_receive_message_length", _MAX_MESSAGE),
                ("grpc.max_send_message_length", _MAX_MESSAGE),
                # Without this, gRPC shares one connection between channels to one address, and the server could not
                # tell the instances apart.
                ("grpc.use_local_subchannel_pool", 1),
            ],
        )
        self._stub: Any = provider_pb2_grpc.ResourceProviderStub(self._channel)
        self._handshake: Handshake | None = None
        try:
            reply = self._stub.Handshake(
                provider_pb2.ProviderHandshakeRequest(
                    engine_address=_NOWHERE,
                    configure_with_urn=True,
                    supports_refresh_before_update=True,
                    invoke_with_preview=True,
                ),
                wait_for_ready=True,
                timeout=_CONNECT_SECONDS,
            )
            self._handshake = Handshake(accepts_secrets=reply.accept_secrets, accepts_resources=reply.accept_resources)
        except grpc.RpcError as error:
            if _failed(error).code() is not grpc.StatusCode.UNIMPLEMENTED:
                self._channel.close()
                raise ProviderError(
                    f"no provider for package {package!r} answers at {address}: {_failed(error).details()}"
                ) from error
        self._call("Attach", plugin_pb2.PluginAttach(address=_NOWHERE), ignore_unimplemented=True)

    @property
    def handshake(self) -> Handshake:
        """What the server said it can take."""
        return self._handshake or Handshake(accepts_secrets=False, supports_preview=False)

    def check_config(self, *, urn: str, olds: Properties | None, news: Properties) -> CheckResult:
        """See `provider.Provider`."""
        keep = wire.Keep(secrets=False, unknowns=True)
        request = provider_pb2.CheckRequest(
            **_identity(urn),
            olds=None if olds is None else wire.to_struct(olds, keep),
            news=wire.to_struct(news, keep),
        )
        reply = self._call("CheckConfig", request, ignore_unimplemented=True)
        return CheckResult(inputs=news) if reply is None else _checked(reply, reject_unknowns=False)

    def diff_config(
        self,
        *,
        urn: str,
        old_inputs: Properties,
        old_outputs: Properties,
        new_inputs: Properties,
        ignore_changes: Sequence[str] = (),
    ) -> DiffResult:
        """See `provider.Provider`."""
        keep = wire.Keep(secrets=False, unknowns=True)
        request = provider_pb2.DiffRequest(
            **_identity(urn),
            old_inputs=wire.to_struct(old_inputs, keep),
            olds=wire.to_struct(old_outputs, keep),
            news=wire.to_struct(new_inputs, keep),
            ignoreChanges=ignore_changes,
        )
        reply = self._call("DiffConfig", request, ignore_unimplemented=True)
        return DiffResult(changes=Changes.UNKNOWN) if reply is None else _difference(reply)

    def configure(self, *, urn: str, id_: str, inputs: Properties) -> None:
        """See `provider.Provider`."""
        arguments = wire.to_struct(inputs, wire.Keep(secrets=True, resources=True, unknowns=True))
        reply = self._call(
            "Configure",
            provider_pb2.ConfigureRequest(
                **_identity(urn),
                id=id_,
                args=arguments,
                acceptSecrets=True,
                acceptResources=True,
                sends_old_inputs=True,
                sends_old_inputs_to_delete=True,
            ),
        )
        if self._handshake is None:
            self._handshake = Handshake(
                accepts_secrets=reply.acceptSecrets,
                accepts_resources=reply.acceptResources,
                supports_preview=reply.supportsPreview,
            )

    def check(
        self, *, urn: str, olds: Properties | None, news: Properties, random_seed: bytes, preview: bool
    ) -> CheckResult:
        """See `provider.Provider`."""
        request = provider_pb2.CheckRequest(
            **_identity(urn),
            olds=self._struct(olds or {}, unknowns=preview),
            news=self._struct(news, unknowns=preview),
            randomSeed=random_seed,
        )
        return _checked(self._call("Check", request), reject_unknowns=not preview)

    def diff(
        self,
        *,
        urn: str,
        id_: str,
        old_inputs: Properties,
        old_outputs: Properties,
        new_inputs: Properties,
        ignore_changes: Sequence[str],
        preview: bool,
    ) -> DiffResult:
        """See `provider.Provider`."""
        request = provider_pb2.DiffRequest(
            **_identity(urn),
            id=id_,
            old_inputs=self._struct(old_inputs, unknowns=preview, assets=False),
            olds=self._struct(old_outputs, unknowns=preview, assets=False),
            news=self._struct(new_inputs, unknowns=preview, assets=False),
            ignoreChanges=ignore_changes,
        )
        return _difference(self._call("Diff", request))

    def create(self, *, urn: str, inputs: Properties, timeout: float, preview: bool) -> CreateResult:
        """See `provider.Provider`."""
        request = provider_pb2.CreateRequest(
            **_identity(urn), properties=self._struct(inputs, unknowns=preview), timeout=timeout, preview=preview
        )
        reply = self._call("Create", request)
        if not reply.id and not preview:
            raise ProviderError(f"plugin returned empty resource.ID from create '{urn}'", state_unknown=True)
        return CreateResult(
            id=reply.id,
            outputs=_outputs(reply, reject_unknowns=not preview),
            refresh_before_update=reply.refresh_before_update,
        )

    def update(
        self,
        *,
        urn: str,
        id_: str,
        old_inputs: Properties,
        old_outputs: Properties,
        new_inputs: Properties,
        ignore_changes: Sequence[str],
        timeout: float,
        preview: bool,
    ) -> UpdateResult:
        """See `provider.Provider`."""
        request = provider_pb2.UpdateRequest(
            **_identity(urn),
            id=id_,
            old_inputs=self._struct(old_inputs, assets=False),
            olds=self._struct(old_outputs, assets=False),
            news=self._struct(new_inputs, unknowns=preview),
            timeout=timeout,
            ignoreChanges=ignore_changes,
            preview=preview,
        )
        reply = self._call("Update", request)
        return UpdateResult(
            outputs=_outputs(reply, reject_unknowns=not preview), refresh_before_update=reply.refresh_before_update
        )

    def delete(self, *, urn: str, id_: str, inputs: Properties, outputs: Properties, timeout: float) -> None:
        """See `provider.Provider`."""
        request = provider_pb2.DeleteRequest(
            **_identity(urn),
            id=id_,
            old_inputs=self._struct(inputs, assets=False),
            properties=self._struct(outputs, assets=False),
            timeout=timeout,
        )
        self._call("Delete", request)

    def read(
        self, *, urn: str, id_: str, inputs: Properties | None, state: Properties | None, timeout: float
    ) -> ReadResult:
        """See `provider.Provider`."""
        request = provider_pb2.ReadRequest(
            **_identity(urn),
            id=id_,
            inputs=None if inputs is None else self._struct(inputs, assets=False),
            properties=None if state is None else self._struct(state, assets=False),
            timeout=timeout,
        )
        reply = self._call("Read", request)
        return ReadResult(
            id=reply.id,
            inputs=_struct_or_none(reply, "inputs"),
            outputs=_struct_or_none(reply, "properties"),
            refresh_before_update=reply.refresh_before_update,
        )

    def invoke(self, *, token: str, args: Properties, preview: bool) -> InvokeResult:
        """See `provider.Provider`."""
        reply = self._call("Invoke", provider_pb2.InvokeRequest(tok=token, args=self._struct(args), preview=preview))
        returned = _struct_or_none(reply, "return")
        return InvokeResult(result=returned or {}, failures=_failures(reply))

    def cancel(self) -> None:
        """See `provider.Provider`; that a server does not know the call is fine."""
        self._call("Cancel", empty_pb2.Empty(), ignore_unimplemented=True)

    def close(self) -> None:
        """See `provider.Provider`."""
        self._channel.close()

    def _struct(self, properties: Properties, *, unknowns: bool = False, assets: bool = True) -> struct_pb2.Struct:
        accepted = self.handshake
        keep = wire.Keep(
            secrets=accepted.accepts_secrets, resources=accepted.accepts_resources, unknowns=unknowns, assets=assets
        )
        return wire.to_struct(properties, keep)

    def _call(self, method: str, request: object, *, ignore_unimplemented: bool = False) -> Any:
        try:
            return getattr(self._stub, method)(request)
        except grpc.RpcError as error:
            if ignore_unimplemented and _failed(error).code() is grpc.StatusCode.UNIMPLEMENTED:
                return None
            _raise(error)
        except wire.WireError as error:
            raise ProviderError(str(error)) from error


def _identity(urn: str) -> dict[str, Any]:
    return {"urn": urn, "name": urns.name_of(urn), "type": urns.type_of(urn)}


def _failed(error: grpc.RpcError) -> _Failed:
    return cast("_Failed", error)


def _raise(error: grpc.RpcError) -> NoReturn:
    """Turn a gRPC error into what the engine understands, with the details a provider may attach to it."""
    failed = _failed(error)
    message, cause = failed.details() or "", ""
    for key, value in failed.trailing_metadata() or ():
        if key != "grpc-status-details-bin" or isinstance(value, str):
            continue
        for detail in status_pb2.Status.FromString(value).details:
            init_failed, error_cause = provider_pb2.ErrorResourceInitFailed(), errors_pb2.ErrorCause()
            if detail.Unpack(init_failed):
                raise InitFailedError(
                    reasons=init_failed.reasons,
                    id_=init_failed.id,
                    inputs=_struct_or_none(init_failed, "inputs"),
                    outputs=_struct_or_none(init_failed, "properties"),
                ) from error
            if detail.Unpack(error_cause):
                cause = f": {error_cause.message}"
    raise ProviderError(message + cause, state_unknown=failed.code() in _UNSURE) from error


def _outputs(reply: Any, *, reject_unknowns: bool) -> Properties | None:
    return _struct_or_none(reply, "properties", reject_unknowns=reject_unknowns)


def _struct_or_none(reply: Any, field: str, *, reject_unknowns: bool = True) -> Properties | None:
    if not reply.HasField(field):
        return None
    try:
        return wire.from_struct(getattr(reply, field), reject_unknowns=reject_unknowns)
    except wire.WireError as error:
        raise ProviderError(str(error)) from error


def _checked(reply: Any, *, reject_unknowns: bool) -> CheckResult:
    inputs = _struct_or_none(reply, "inputs", reject_unknowns=reject_unknowns)
    return CheckResult(inputs=inputs or {}, failures=_failures(reply))


def _failures(reply: Any) -> tuple[Failure, ...]:
    return tuple(Failure(property=f.property, reason=f.reason) for f in reply.failures)


def _difference(reply: Any) -> DiffResult:
    detailed = None
    if reply.hasDetailedDiff:
        detailed = {
            path: PropertyDiff(kind=_KINDS.get(d.kind, DiffKind.UPDATE), input_diff=d.inputDiff)
            for path, d in reply.detailedDiff.items()
        }
    return DiffResult(
        changes=_CHANGES.get(reply.changes, Changes.UNKNOWN),
        replaces=tuple(reply.replaces),
        changed=tuple(reply.diffs),
        stables=tuple(reply.stables),
        detailed=detailed,
        delete_before_replace=reply.deleteBeforeReplace,
    )
