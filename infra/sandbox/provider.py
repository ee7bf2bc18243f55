"""The Pulumi provider protocol over one simulated cloud."""

# ruff: noqa: N802 - method names are the protocol's

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, NoReturn, TypeVar

import grpc
from google.protobuf import any_pb2, empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from infra.facts import TypeFacts, facts_of, schema
from infra.facts.compare import Change, ChangeKind, compare, deletes_before_replace
from infra.facts.fill import fill
from infra.sandbox import lifecycle
from infra.sandbox.cloud import Cloud, decoded
from infra.sandbox.connections import Connections, UnboundConnectionError
from infra.sandbox.errors import CloudError, Unreachable
from infra.sandbox.faults import Event, Faults, InjectedFailure, Moment
from infra.sandbox.model import Call as ApiCall  # the protocol has a method of that name
from infra.sandbox.model import Operation, Place
from infra.sandbox.store import Clouds, Record, SandboxFileError, Store
from infra.sandbox.values import Json, Secret, from_wire, plain, seal, to_wire, unseal

Pb: Any = provider_pb2  # message classes are made at run time
_Status: Any = getattr(status_pb2, "Status")  # noqa: B009 - made at run time, unknown to the type checker
Context = grpc.ServicerContext
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class _Rpc:
    """One call of the protocol about one resource."""

    request: Any
    context: Context
    place: Place

    @property
    def type(self) -> str:
        """The type's token; engines before 3.150 send only the URN."""
        return self.request.type or self.request.urn.split("::")[2].rpartition("$")[2]

    @property
    def name(self) -> str:
        """Logical name."""
        return self.request.name or self.request.urn.rpartition("::")[2]

    def event(self, operation: str) -> Event:
        """The call as a test's faults see it."""
        return Event(operation=operation, type=self.type, name=self.name, id=getattr(self.request, "id", ""))


class _PartialError(Exception):
    """The effect happened, but the resource did not become ready."""

    def __init__(self, message: str, id_: str, properties: Json, inputs: Json) -> None:
        super().__init__(message)
        self.id = id_
        self.properties = properties
        self.inputs = inputs


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Answers one cloud's provider calls for all provider instances, told apart by their connections."""

    def __init__(self, cloud: Cloud, store: Store, faults: Faults) -> None:
        self._cloud = cloud
        self._store = store
        self._faults = faults
        self._connections = Connections()

    def Handshake(self, request: Any, context: Context) -> Any:
        """Fix the protocol: secrets are kept, resources and outputs are not sent as such."""
        del request, context
        return Pb.ProviderHandshakeResponse(accept_secrets=True, accept_resources=False, accept_outputs=False)

    def Attach(self, request: Any, context: Context) -> Any:
        """An engine connects to a server that runs already; there is nothing to do."""
        del request, context
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: Context) -> Any:
        """Version of the imitated plugin."""
        del request, context
        return plugin_pb2.PluginInfo(version=self._cloud.version)

    def Cancel(self, request: Any, context: Context) -> Any:
        """One provider instance ends; others go on, so the server does not exit."""
        del request, context
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: Context) -> Any:
        """Check a provider's configuration."""
        settings = self._values(request.news, context)
        problems = self._cloud.setting_problems(decoded(plain(settings)))
        failures = [Pb.CheckFailure(property=name, reason=reason) for name, reason in problems]
        return Pb.CheckResponse(inputs=to_wire(settings), failures=failures)

    def DiffConfig(self, request: Any, context: Context) -> Any:
        """Compare configurations. As in reality, a changed Oracle region is an update that leaves resources behind."""
        old = plain(self._values(request.old_inputs, context))
        new = plain(self._values(request.news, context))
        changed = sorted(
            name for name in old.keys() | new.keys() if name != "version" and old.get(name) != new.get(name)
        )
        changes = [
            Change(
                path=name,
                kind=_kind(old.get(name), new.get(name)),
                replaces=name in self._cloud.replacing_settings,
            )
            for name in changed
        ]
        return _diff_response(changes, delete_before_replace=False)

    def Configure(self, request: Any, context: Context) -> Any:
        """Bind this connection to where the provider's configuration says."""
        settings = decoded(plain(self._values(request.args, context)))
        try:
            place: Place | CloudError = self._cloud.place(settings)
        except CloudError as error:
            place = error
        self._connections.bind(context.peer(), place)
        return Pb.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, acceptResources=False, acceptOutputs=False
        )

    def Check(self, request: Any, context: Context) -> Any:
        """Fill in names and defaults, and report what the provider itself refuses."""
        rpc = self._rpc(request, context)
        self._guard(rpc, Operation.READ, lambda: self._faults.strike(rpc.event("check"), Moment.BEFORE))
        known = facts_of(rpc.type)
        if known is None:
            reason = f"unrecognized resource type {rpc.type}: the {self._cloud.name} provider has none of that name"
            return Pb.CheckResponse(failures=[Pb.CheckFailure(property="", reason=reason)])
        news = self._cloud.complete(rpc.place, known, self._values(request.news, context))
        olds = self._values(request.olds, context)
        inputs = fill(known, news, olds, name=rpc.name, seed=request.randomSeed)
        bare = lifecycle.without_bookkeeping(plain(inputs))
        problems = [*schema.provider_problems(known, bare), *self._cloud.model(known.token).check(bare)]
        failures = [
            Pb.CheckFailure(property="", reason=f"{reason}. Examine values at '{rpc.name}.{path}'.")
            for path, reason in problems
        ]
        return Pb.CheckResponse(inputs=to_wire(inputs), failures=failures)

    def Diff(self, request: Any, context: Context) -> Any:
        """What differs between the last inputs and the wanted ones, and whether it replaces."""
        rpc = self._rpc(request, context)
        self._guard(rpc, Operation.READ, lambda: self._faults.strike(rpc.event("diff"), Moment.BEFORE))
        known = self._known(rpc)
        new = plain(self._values(request.news, context))
        changes = compare(
            known,
            old=plain(self._values(request.old_inputs, context)),
            new=new,
            state=plain(self._values(request.olds, context)),
            ignore=request.ignoreChanges,
        )
        return _diff_response(changes, delete_before_replace=deletes_before_replace(known, new))

    def Create(self, request: Any, context: Context) -> Any:
        """Create, or in a preview say what creating would give."""
        rpc = self._rpc(request, context)
        known, inputs = self._known(rpc), self._values(request.properties, context)
        if request.preview:
            return Pb.CreateResponse(id="", properties=to_wire(lifecycle.expected(known, inputs)))

        def effect() -> tuple[str, Json]:
            with self._store.changing() as clouds:
                call = self._api_call(rpc, Operation.CREATE, clouds, inputs)
                record = lifecycle.create(self._cloud, call, seal(inputs))
            return record.id, _properties(known, record, inputs)

        id_, properties = self._effect(rpc, Operation.CREATE, effect, inputs)
        return Pb.CreateResponse(id=id_, properties=to_wire(properties))

    def Update(self, request: Any, context: Context) -> Any:
        """Change, or in a preview say what changing would give."""
        rpc = self._rpc(request, context)
        known, inputs = self._known(rpc), self._values(request.news, context)
        if request.preview:
            old = self._values(request.olds, context)
            return Pb.UpdateResponse(properties=to_wire(lifecycle.expected(known, inputs, old)))

        def effect() -> tuple[str, Json]:
            with self._store.changing() as clouds:
                call = self._api_call(rpc, Operation.UPDATE, clouds, inputs)
                found = lifecycle.find(self._cloud, call, request.id)
                if found is None:
                    raise self._cloud.gone(call, request.id)
                call.old = replace(found, inputs=lifecycle.without_bookkeeping(found.inputs))
                call.dropped = frozenset(self._values(request.old_inputs, context).keys() - inputs.keys())
                record = lifecycle.update(self._cloud, call, seal(inputs))
            return record.id, _properties(known, record, inputs)

        _, properties = self._effect(rpc, Operation.UPDATE, effect, inputs)
        return Pb.UpdateResponse(properties=to_wire(properties))

    def Read(self, request: Any, context: Context) -> Any:
        """The resource as it is in the cloud; id "" when this connection sees none."""
        rpc = self._rpc(request, context)
        known = self._known(rpc)
        properties, inputs = self._values(request.properties, context), self._values(request.inputs, context)
        id_ = request.id
        if not properties:  # an import or a get: the id is what a person wrote
            place, id_ = self._cloud.identity(rpc.place, request.id)
            rpc = replace(rpc, place=place)

        def effect() -> tuple[Record | None, Json]:
            with self._store.reading() as clouds:
                call = self._api_call(rpc, Operation.READ, clouds, properties | inputs)
                self._cloud.refuse(call)
                return lifecycle.find(self._cloud, call, id_), {}

        record, _ = self._effect(rpc, Operation.READ, effect, inputs)
        if record is None:
            return Pb.ReadResponse(id="")
        stored = unseal(record.inputs, inputs)
        found = _properties(known, record, stored, properties)
        return Pb.ReadResponse(id=record.id, inputs=to_wire(stored), properties=to_wire(found))

    def Delete(self, request: Any, context: Context) -> Any:
        """Delete; what is gone already is no error."""
        rpc = self._rpc(request, context)
        self._known(rpc)
        properties = self._values(request.properties, context)

        def effect() -> tuple[None, Json]:
            with self._store.changing() as clouds:
                call = self._api_call(rpc, Operation.DELETE, clouds, properties)
                record = lifecycle.find(self._cloud, call, request.id)
                if record is not None:
                    lifecycle.delete(self._cloud, call, record)
            return None, {}

        self._effect(rpc, Operation.DELETE, effect, {})
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Context) -> NoReturn:
        """Functions always call a real cloud; a preview that needs none must not use them."""
        context.abort(
            grpc.StatusCode.UNIMPLEMENTED,
            f"function {request.tok} is not simulated: functions call the cloud in previews too; "
            "write the value that it would look up into the stack file",
        )

    def Call(self, request: Any, context: Context) -> NoReturn:
        """Methods on resources: the imitated providers have none."""
        context.abort(grpc.StatusCode.UNIMPLEMENTED, f"method {request.tok}: this provider has no methods")

    def Construct(self, request: Any, context: Context) -> NoReturn:
        """Remote components: the imitated providers have none."""
        context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{request.type}: this provider has no components")

    # What the calls above share.

    def _rpc(self, request: Any, context: Context) -> _Rpc:
        try:
            return _Rpc(request, context, self._connections.place(context.peer()))
        except UnboundConnectionError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        except CloudError as error:
            context.abort(grpc.StatusCode.UNKNOWN, error.message)

    def _values(self, struct: Any, context: Context) -> Json:
        try:
            return from_wire(struct)
        except ValueError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))

    def _known(self, rpc: _Rpc) -> TypeFacts:
        known = facts_of(rpc.type)
        if known is None:
            rpc.context.abort(grpc.StatusCode.NOT_FOUND, f"unrecognized resource type {rpc.type}")
        return known

    def _api_call(self, rpc: _Rpc, operation: Operation, clouds: Clouds, inputs: Json) -> ApiCall:
        bare = lifecycle.without_bookkeeping(plain(inputs))
        return ApiCall(
            operation=operation,
            place=self._cloud.model(rpc.type).place(rpc.place, bare),
            clouds=clouds,
            facts=self._known(rpc),
            token=rpc.type,
            urn=rpc.request.urn,
            inputs=bare,
        )

    def _effect(
        self, rpc: _Rpc, operation: Operation, effect: Callable[[], tuple[_Answer, Json]], inputs: Json
    ) -> tuple[_Answer, Json]:
        """An effect between the moments at which a test may let it fail."""
        event = rpc.event(operation)

        def run() -> tuple[_Answer, Json]:
            self._faults.strike(event, Moment.BEFORE)
            answer, properties = effect()
            try:
                self._faults.strike(event, Moment.AFTER)
            except InjectedFailure as failure:
                if failure.partial:
                    raise _PartialError(str(failure), str(answer), properties, inputs) from failure
                raise
            return answer, properties

        return self._guard(rpc, operation, run)

    def _guard(self, rpc: _Rpc, operation: Operation, run: Callable[[], _Answer]) -> _Answer:
        """Run, and turn every refusal into the error that the real provider would answer with."""
        try:
            return run()
        except CloudError as error:
            text = self._cloud.word_error(error, operation=operation, token=rpc.type, place=rpc.place, subject=rpc.name)
            rpc.context.abort(grpc.StatusCode.UNKNOWN, text)
        except (Unreachable, InjectedFailure) as error:
            rpc.context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except SandboxFileError as error:
            rpc.context.abort(grpc.StatusCode.UNAVAILABLE, str(error))
        except _PartialError as error:
            _abort_partial(error, rpc.context)


def _properties(known: TypeFacts, record: Record, inputs: Json, sent: Json | None = None) -> Json:
    """Outputs: inputs with the secret marks they came with, over them what the service filled in, and the id.

    Bridged providers repeat the id among the outputs; a policy pack learns it from nowhere else.
    """
    filled_in = unseal(record.outputs, sent or {})
    marked = {
        name: Secret(value) if name in known.secret_outputs and not isinstance(value, Secret) else value
        for name, value in filled_in.items()
    }
    return lifecycle.without_bookkeeping(inputs) | marked | {"id": record.id}


def _abort_partial(error: _PartialError, context: Context) -> NoReturn:
    detail = any_pb2.Any()
    detail.Pack(
        Pb.ErrorResourceInitFailed(
            id=error.id, properties=to_wire(error.properties), inputs=to_wire(error.inputs), reasons=[str(error)]
        )
    )
    status = _Status(code=2, message=str(error), details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, str(error))


def _diff_response(changes: Iterable[Change], *, delete_before_replace: bool) -> Any:
    """The protocol's form of differences. What may replace, for all the facts say, is answered as a replacement."""
    response = Pb.DiffResponse(hasDetailedDiff=True, changes=Pb.DiffResponse.DIFF_NONE)
    for change in changes:
        replaces = change.replaces is not False
        top = change.path.partition(".")[0].partition("[")[0]
        response.changes = Pb.DiffResponse.DIFF_SOME
        if top not in response.diffs:
            response.diffs.append(top)
        kind = f"{change.kind.upper()}_REPLACE" if replaces else change.kind.upper()
        response.detailedDiff[change.path].kind = Pb.PropertyDiff.Kind.Value(kind)
        response.detailedDiff[change.path].inputDiff = True
        if replaces and top not in response.replaces:
            response.replaces.append(top)
    response.deleteBeforeReplace = delete_before_replace and bool(response.replaces)
    return response


def _kind(old: Any, new: Any) -> ChangeKind:
    if old is None:
        return ChangeKind.ADD
    return ChangeKind.DELETE if new is None else ChangeKind.UPDATE
