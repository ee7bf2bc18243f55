"""The resource monitor: what the SDK calls while the program runs, in this process and without gRPC.

The SDK calls each method on a thread of its own and waits for the answer, as it does for a monitor behind gRPC. When
the run ends because of an error, whoever still waits is sent away as if the monitor had shut down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, resource_pb2

from infra.engine import requests, urns, wire
from infra.engine.context import BailError, GenerationError, Halted
from infra.engine.defaults import DefaultProviders
from infra.engine.events import Diagnostic, Severity
from infra.engine.executor import StepFailedError
from infra.engine.generator import Registered, denied
from infra.engine.provider import ProviderError
from infra.engine.requests import Positions, UnsupportedError
from infra.engine.settled import Settled
from infra.engine.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Generator as Coroutine
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from infra.engine.context import Run
    from infra.engine.executor import Executor
    from infra.engine.generator import Generator
    from infra.engine.goals import Goal
    from infra.engine.resource import Resource
    from infra.engine.step import Step
    from infra.engine.values import Properties, Value

    Work = Coroutine[Sequence[Step], None, Registered]

_FEATURES: Final = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_DEPENDS_ON,
    # What follows is accepted from the SDK so that this engine, rather than the SDK, can say what it refuses.
    resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_PARAMETERIZATION,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS,
)


class MonitorError(grpc.RpcError):
    """An error as the SDK expects it from a monitor behind gRPC."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self._code = code
        self._message = message

    def code(self) -> grpc.StatusCode:
        """The gRPC status; UNAVAILABLE makes the SDK end the program quietly."""
        return self._code

    def details(self) -> str:
        """The message."""
        return self._message


class Monitor:
    """Serves one program run. Method names are those of the protocol."""

    def __init__(
        self,
        run: Run,
        generator: Generator,
        executor: Executor,
        *,
        config: Mapping[str, str],
        secret_keys: frozenset[str],
        root: Path,
    ) -> None:
        self._run = run
        self._generator = generator
        self._executor = executor
        self._positions = Positions(root)
        self._root = root
        self._settled = Settled()
        self._goals: dict[str, Goal] = {}
        self._component_providers: dict[str, dict[str, str]] = {}
        self._skipped: set[str] = set()
        self.bailed = False
        self._defaults = DefaultProviders(config, secret_keys, lambda goal: self._register(goal).resource)

    def GetDeploymentInfo(self, request: empty_pb2.Empty) -> resource_pb2.DeploymentInfo:  # noqa: N802, ARG002 (the protocol's)
        """What this monitor can do."""
        return resource_pb2.DeploymentInfo(supportedFeatures=_FEATURES)

    def SupportsFeature(self, request: resource_pb2.SupportsFeatureRequest) -> resource_pb2.SupportsFeatureResponse:  # noqa: N802 (the protocol's)
        """The older way to ask."""
        known = {"secrets", "resourceReferences", "outputValues", "aliasSpecs", "deletedWith", "replaceWith"}
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in known)

    def SignalAndWaitForShutdown(self, request: empty_pb2.Empty) -> empty_pb2.Empty:  # noqa: N802, ARG002 (the protocol's)
        """The program has registered everything; it is not needed for the rest."""
        return empty_pb2.Empty()

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceResponse:  # noqa: N802 (the protocol's)
        """Bring a resource to the state that the program wants, and answer with what it became."""
        with self._settled.registering(request.parent):
            try:
                return self._register_resource(request)
            except (UnsupportedError, wire.WireError, ValueError) as error:
                self._refuse(str(error), self._generator.urn_of(request.parent, request.type, request.name))

    def _register_resource(
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        requests.refuse_unsupported(request)
        goal = requests.goal_of(request, positions=self._positions, folder=self._root)
        custom, is_provider = request.custom, urns.is_provider_type(request.type)
        provider, providers = self._inherit(request)
        if custom and not is_provider and not provider:
            provider = self._default(urns.package_of(request.type), request.version, request.pluginDownloadURL)
        goal.provider = provider if custom and not is_provider else ""
        self._inherit_options(goal)
        if is_provider:
            requests.provider_inputs(goal, version=request.version, download_url=request.pluginDownloadURL)
        outcome: resource_pb2.Result.ValueType = resource_pb2.SUCCESS
        try:
            registered = self._register(goal)
        except StepFailedError as error:
            registered, outcome = Registered(resource=error.step.resource), resource_pb2.FAIL
        except _Skipped as skipped:
            registered, outcome = Registered(resource=skipped.resource), resource_pb2.FAIL
        resource = registered.resource
        self._goals[resource.urn] = goal
        if not custom:
            self._component_providers[resource.urn] = providers
        self._settled.add(resource.urn, request.parent, custom=custom, exists=bool(resource.id))
        # A component's outputs come with a later call; what it had before may refer to what is not there yet.
        outputs: Properties = resource.outputs if custom else {}
        return resource_pb2.RegisterResourceResponse(
            urn=resource.urn,
            id=resource.id,
            object=wire.to_struct(outputs, _kept(request)),
            result=outcome,
            unknown=registered.unknown,
        )

    def _inherit(self, request: resource_pb2.RegisterResourceRequest) -> tuple[str, dict[str, str]]:
        """The provider of a resource and the providers of a component: its own, else those of the parent."""
        providers: dict[str, str] = dict(request.providers.items())
        above = self._component_providers.get(request.parent, {})
        provider = request.provider
        parent = self._goals.get(request.parent)
        package = urns.package_of(request.type)
        if not provider and parent is not None and parent.provider:
            same_package = urns.provider_package(urns.type_of(urns.parse_reference(parent.provider)[0])) == package
            provider = parent.provider if same_package or not request.custom else ""
        if request.custom:
            provider = provider or providers.get(package) or above.get(package, "")
        else:
            providers = {**above, **providers}
        return provider, providers

    def _inherit_options(self, goal: Goal) -> None:
        parent = self._goals.get(goal.parent)
        if parent is None:
            return
        goal.deleted_with = goal.deleted_with or parent.deleted_with
        if goal.protect is None:
            goal.protect = parent.protect
        if goal.retain_on_delete is None:
            goal.retain_on_delete = parent.retain_on_delete

    def _default(self, package: str, version: str, download_url: str) -> str:
        return self._defaults.reference(package, version=version, download_url=download_url)

    def _register(self, goal: Goal) -> Registered:
        try:
            return self._drive(self._generator.register(goal))
        except (GenerationError, ProviderError) as error:
            self._run.error(str(error), self._generator.urn_of(goal.parent, goal.type, goal.name))
            self._halt()
        except BailError:
            self._halt()

    def _drive(self, work: Work) -> Registered:
        """Generate and carry out the chains of one resource, in turn.

        Raises:
            StepFailedError: A step failed and the run goes on without what depends on it.
        """
        run = self._run
        while True:
            try:
                with run.lock:
                    run.check_live()
                    chain = next(work)
                    chain, left = self._executor.without_skipped(chain, self._skipped)
                    if left:
                        raise _Skipped(left[-1].resource)
                    ticket = self._executor.ticket()
            except StopIteration as stop:
                result: Registered = stop.value
                return result
            except Halted:
                self._leave()
            try:
                self._executor.chain(chain, ticket)
            except Halted:
                self._leave()
            except StepFailedError:
                if not run.options.continue_on_error:
                    self._leave()
                raise

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> empty_pb2.Empty:  # noqa: N802 (the protocol's)
        """Take the outputs of a component, or of the stack."""
        try:
            outputs = wire.from_struct(request.outputs)
            with self._run.lock:
                self._run.check_live()
                self._executor.register_outputs(request.urn, outputs)
        except Halted:
            self._leave()
        except (GenerationError, wire.WireError) as error:
            self._run.error(str(error), request.urn)
            self._halt()
        return empty_pb2.Empty()

    def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> resource_pb2.ReadResourceResponse:  # noqa: N802 (the protocol's)
        """Look at a resource that something else manages."""
        try:
            goal = requests.read_goal_of(request, provider=self._provider_to_read(request), positions=self._positions)
            resource = self._drive(self._generator.read(goal)).resource
        except (UnsupportedError, wire.WireError) as error:
            self._refuse(str(error))
        except (GenerationError, ProviderError) as error:
            self._run.error(str(error), self._generator.urn_of(request.parent, request.type, request.name))
            self._halt()
        except BailError:
            self._halt()
        except StepFailedError as error:
            resource = error.step.resource
        self._settled.add(resource.urn, request.parent, custom=True, exists=bool(resource.id))
        return resource_pb2.ReadResourceResponse(
            urn=resource.urn, properties=wire.to_struct(resource.outputs, _kept(request))
        )

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:  # noqa: N802 (the protocol's)
        """Call a function of a provider."""
        keep = wire.Keep(secrets=True, resources=request.acceptResources, unknowns=True)
        try:
            self._run.check_live()
            args = wire.from_struct(request.args)
            if request.tok == "pulumi:pulumi:getResource":
                return _returned(self._get_resource(args), wire.Keep(resources=True, unknowns=True))
            instance = self._run.instance(self._provider_to_call(request))
            if request.dependsOn and self._settled.lacks_any(request.dependsOn):
                return resource_pb2.ResourceInvokeResponse(unknown=True)
            result = instance.invoke(request.tok, args, preview=self._run.preview)
        except Halted:
            self._leave()
        except (UnsupportedError, wire.WireError) as error:
            self._refuse(str(error))
        except GenerationError as error:
            raise MonitorError(grpc.StatusCode.UNKNOWN, f"Invoke: {error}") from error
        except ProviderError as error:
            text = f"invocation of {request.tok} returned an error: {error}"
            raise MonitorError(grpc.StatusCode.UNKNOWN, text) from error
        response = _returned(result.result, keep)
        for failure in result.failures:
            cast("Any", response).failures.add(property=failure.property, reason=failure.reason)
        return response

    def _provider_to_read(self, request: resource_pb2.ReadResourceRequest) -> str:
        if request.type.startswith("pulumi:pulumi:") or request.packageRef:
            raise UnsupportedError(f"reading {request.type} is not supported by the embedded engine")
        package = urns.package_of(request.type)
        provider = request.provider or self._default(package, request.version, request.pluginDownloadURL)
        if urns.denied_package(provider):
            raise MonitorError(grpc.StatusCode.UNKNOWN, denied(request.type, request.type))
        return provider

    def _provider_to_call(self, request: resource_pb2.ResourceInvokeRequest) -> str:
        if request.packageRef:
            raise UnsupportedError(f"function {request.tok} of a parameterized package is not supported")
        package = urns.package_of(request.tok)
        provider = request.provider or self._default(package, request.version, request.pluginDownloadURL)
        if urns.denied_package(provider):
            raise MonitorError(grpc.StatusCode.UNKNOWN, f"Invoke: {denied(package, request.tok)}")
        return provider

    def _get_resource(self, args: Properties) -> Properties:
        """The built-in function behind resource references."""
        urn = args.get("urn")
        resource: Resource | None = None
        if isinstance(urn, str):
            resource = self._run.news.get(urn) or self._run.reads.get(urn)
        if resource is None:
            raise MonitorError(grpc.StatusCode.UNKNOWN, f"unknown resource {urn}")
        id_: Value = resource.id or UNKNOWN
        return {"urn": resource.urn, "id": id_ if resource.custom else "", "state": dict(resource.outputs)}

    def Call(self, request: resource_pb2.ResourceCallRequest) -> NoReturn:  # noqa: N802 (the protocol's)
        """Methods of resources are refused."""
        self._refuse(f"method {request.tok} is not supported by the embedded engine")

    def RegisterStackTransform(self, request: object) -> NoReturn:  # noqa: N802, ARG002 (the protocol's)
        """Transforms are refused."""
        self._refuse("stack transforms are not supported by the embedded engine")

    RegisterStackInvokeTransform = RegisterStackTransform

    def RegisterResourceHook(self, request: object) -> NoReturn:  # noqa: N802, ARG002 (the protocol's)
        """Hooks are refused."""
        self._refuse("resource hooks are not supported by the embedded engine")

    RegisterErrorHook = RegisterResourceHook

    def RegisterPackage(self, request: resource_pb2.RegisterPackageRequest) -> NoReturn:  # noqa: N802 (the protocol's)
        """Parameterized packages are refused."""
        self._refuse(f"parameterized package {request.name} is not supported by the embedded engine")

    def ExistsResource(self, request: resource_pb2.ExistsResourceRequest) -> NoReturn:  # noqa: N802 (the protocol's)
        """Asking whether a resource exists is refused."""
        self._refuse(f"asking whether {request.type} exists is not supported by the embedded engine")

    def _refuse(self, message: str, urn: str = "") -> NoReturn:
        self._run.error(message, urn)
        self._halt()

    def _halt(self) -> NoReturn:
        self.bailed = True
        self._run.failed = True
        self._run.halted.set()
        self._leave()

    def _leave(self) -> NoReturn:
        raise MonitorError(grpc.StatusCode.UNAVAILABLE, "resource monitor shut down")


class EngineLog:
    """The engine service: takes what the program logs."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def Log(self, request: engine_pb2.LogRequest) -> empty_pb2.Empty:  # noqa: N802 (the protocol's)
        """Take a message of the program; debug messages are dropped."""
        if request.severity != engine_pb2.DEBUG and not self._run.halted.is_set():
            severity = _SEVERITIES.get(request.severity, Severity.INFO)
            self._run.tell(Diagnostic(severity=severity, message=request.message, urn=request.urn))
        return empty_pb2.Empty()

    def RequirePulumiVersion(  # noqa: N802 (the protocol's)
        self,
        request: engine_pb2.RequirePulumiVersionRequest,  # noqa: ARG002 (the protocol's)
    ) -> engine_pb2.RequirePulumiVersionResponse:
        """Any version will do: this engine imitates the one that the project pins."""
        return engine_pb2.RequirePulumiVersionResponse()


_SEVERITIES: Final = {
    engine_pb2.INFO: Severity.INFO,
    engine_pb2.WARNING: Severity.WARNING,
    engine_pb2.ERROR: Severity.ERROR,
}


class _Skipped(Exception):  # noqa: N818 (an outcome, no error)
    """A resource was left out, since it depends on one that failed."""

    def __init__(self, resource: Resource) -> None:
        super().__init__(resource.urn)
        self.resource = resource


def _kept(request: resource_pb2.RegisterResourceRequest | resource_pb2.ReadResourceRequest) -> wire.Keep:
    """How outputs go to the program that asked."""
    return wire.Keep(secrets=request.acceptSecrets, resources=request.acceptResources, unknowns=True, closed=True)


def _returned(result: Properties, keep: wire.Keep) -> resource_pb2.ResourceInvokeResponse:
    response = resource_pb2.ResourceInvokeResponse()
    getattr(response, "return").CopyFrom(wire.to_struct(result, keep))
    return response
