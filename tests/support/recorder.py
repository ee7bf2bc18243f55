"""Runs a Pulumi program and records what it registers: parents, providers, protection, dependencies and inputs.

It stands in for an engine at the SDK's own monitor interface and refuses what an engine would: a URN registered twice,
a resource without an explicit provider, a provider that nobody registered, and any call of a provider's function. What
it does not do: check inputs against a provider, resolve aliases, or apply inheritance that only an engine applies.
"""

import asyncio
import contextvars
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from types import SimpleNamespace
from typing import Any

import pulumi.runtime
from google.protobuf import empty_pb2
from pulumi.output import Unknown
from pulumi.runtime import mocks, rpc
from pulumi.runtime import settings as sdk_settings
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.stack import run_in_stack

from infra.engine.outstanding import to_its_end

PROJECT = "usdata"
UNKNOWN = "<unknown>"
"""What stands in recorded inputs for a value that a preview does not know."""


class RefusedError(Exception):
    """The program registered something that an engine would refuse."""


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One resource as it was registered.

    `provider` is the name of its provider, empty for components. `aliases` are (URN or name, type, parent's URN).
    """

    urn: str
    type: str
    name: str
    custom: bool
    parent: str
    provider: str
    inputs: Mapping[str, Any]
    dependencies: frozenset[str]
    property_dependencies: Mapping[str, frozenset[str]]
    protect: bool
    retain: bool
    import_id: str
    aliases: tuple[tuple[str, str, str], ...]
    ignore_changes: tuple[str, ...]
    version: str

    @property
    def key(self) -> str:
        """The URN without stack and project: `usdata:index:Thing$oci:Kms/key:Key::name`."""
        return self.urn.split("::", 2)[2]

    @property
    def is_provider(self) -> bool:
        """Whether it is a provider."""
        return self.type.startswith("pulumi:providers:")


@dataclass
class Recorded:
    """Everything that one run of a program registered, by URN in order of registration, and its outputs."""

    resources: dict[str, Registration] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)

    def of_type(self, token: str) -> list[Registration]:
        """Those of a type, sorted by URN."""
        return sorted((r for r in self.resources.values() if r.type == token), key=lambda r: r.urn)

    def one(self, token: str, name: str) -> Registration:
        """The one of a type and logical name."""
        (found,) = (r for r in self.of_type(token) if r.name == name)
        return found

    def providers(self) -> dict[str, Registration]:
        """Every provider by name."""
        return {r.name: r for r in self.resources.values() if r.is_provider}

    def managed(self) -> list[Registration]:
        """Every resource of a cloud, sorted by URN."""
        return sorted((r for r in self.resources.values() if r.custom and not r.is_provider), key=lambda r: r.urn)

    def components(self) -> list[Registration]:
        """Every component, sorted by URN."""
        return sorted(
            (r for r in self.resources.values() if not r.custom and r.type != "pulumi:pulumi:Stack"),
            key=lambda r: r.urn,
        )


_OUTPUTS = {
    "oci:Kms/vault:Vault": ("managementEndpoint",),
    "oci:Core/ipv6:Ipv6": ("ipAddress",),
    "oci:Core/publicIp:PublicIp": ("ipAddress",),
    "oci:Core/vcn:Vcn": ("defaultSecurityListId", "defaultRouteTableId"),
    "oci:Dns/zone:Zone": ("nameservers",),
    "aws:kms/key:Key": ("arn", "keyId"),
}
"""What a cloud adds that our components read."""

_IPV6_PREFIX = "2001:db8::/56"
"""What Oracle gives a VCN that asks for IPv6; a real one, since a subnet's prefix is taken from it (RFC 3849)."""


class _Monitor(mocks.MockMonitor):
    """Answers registrations with symbolic values: which output of which resource, `<type name.managementEndpoint>`."""

    def __init__(self, *, preview: bool) -> None:
        super().__init__(SimpleNamespace())  # type: ignore[arg-type]  # no mocks: every method that asks them is below
        self.recorded = Recorded()
        self._preview = preview
        self._lock = Lock()

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """As an engine makes it, with all types above; the stack's own does not count."""
        above = parent.split("::")[2] if parent else ""
        chain = f"{above}$" if above and above != "pulumi:pulumi:Stack" else ""
        return f"urn:pulumi:{sdk_settings.get_stack()}::{PROJECT}::{chain}{type_}::{name}"

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        """Record, and answer as a cloud would."""
        registration = self._registration(request)
        with self._lock:
            if registration.urn in self.recorded.resources:
                raise RefusedError(f"registered twice: {registration.urn}")
            self.recorded.resources[registration.urn] = registration
        response = resource_pb2.RegisterResourceResponse(urn=registration.urn)
        response.object.CopyFrom(request.object)
        if registration.custom and not self._preview:
            response.id = f"<{registration.type} {registration.name}.id>"
            for name in _OUTPUTS.get(registration.type, ()):
                response.object[name] = f"<{registration.type} {registration.name}.{name}>"
            if registration.inputs.get("isIpv6enabled"):
                response.object.get_or_create_list("ipv6cidrBlocks").append(_IPV6_PREFIX)
        elif registration.is_provider:
            response.id = rpc.UNKNOWN
        return response

    def _registration(self, request: Any) -> Registration:
        urn = self.make_urn(request.parent, request.type, request.name)
        custom = bool(request.custom)
        is_provider = request.type.startswith("pulumi:providers:")
        provider = ""
        if custom and not is_provider:
            owner = self.recorded.resources.get(request.provider.rpartition("::")[0])
            if owner is None:
                raise RefusedError(f"no explicit provider: {urn} has {request.provider or 'none'}")
            if owner.type.rpartition(":")[2] != request.type.partition(":")[0]:
                raise RefusedError(f"a provider of another cloud: {urn} has {owner.name}")
            provider = owner.name
        return Registration(
            urn=urn,
            type=request.type,
            name=request.name,
            custom=custom,
            parent=request.parent,
            provider=provider,
            inputs=_plain(rpc.deserialize_properties(request.object, keep_unknowns=True)),
            dependencies=frozenset(request.dependencies),
            property_dependencies={n: frozenset(d.urns) for n, d in request.propertyDependencies.items() if d.urns},
            protect=request.protect,
            retain=request.retainOnDelete,
            import_id=request.importId,
            aliases=tuple((a.urn or a.spec.name, a.spec.type, a.spec.parentUrn) for a in request.aliases),
            ignore_changes=tuple(request.ignoreChanges),
            version=request.version,
        )

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        """Keep the stack's outputs."""
        if "::pulumi:pulumi:Stack::" in request.urn:
            outputs = rpc.deserialize_properties(request.outputs, keep_unknowns=True)
            self.recorded.outputs = _plain(outputs)
        return empty_pb2.Empty()

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        """No component calls a provider's function."""
        raise RefusedError(f"a function was called: {request.tok}")

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        """No component reads what it does not manage."""
        raise RefusedError(f"a resource was read: {request.type} {request.id}")


class _Engine(mocks.MockEngine):
    """Where the program's log goes; also asked for the engine's version."""

    def RequirePulumiVersion(self, request: Any) -> Any:  # noqa: N802
        """Any version will do."""
        del request
        return empty_pb2.Empty()


def _plain(value: Any) -> Any:
    if isinstance(value, Unknown):
        return UNKNOWN
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in sorted(value.items())}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def record(
    program: Callable[[], None],
    *,
    preview: bool,
    stack: str = "test",
    config: Mapping[str, Any] | None = None,
    seen: list[Recorded] | None = None,
) -> Recorded:
    """Runs a program in a context of its own, as the language host does.

    Args:
        program: registers resources.
        preview: whether ids and other values that only a cloud gives are unknown.
        stack: its name.
        config: values by key, structured ones as such.
        seen: gets the record at once, for programs that fail.
    """
    monitor = _Monitor(preview=preview)
    if seen is not None:
        seen.append(monitor.recorded)
    contextvars.copy_context().run(_run, program, monitor, preview, stack, config or {})
    return monitor.recorded


def _run(program: Callable[[], None], monitor: _Monitor, preview: bool, stack: str, config: Mapping[str, Any]) -> None:
    pulumi.runtime.set_all_config({key: json.dumps(value) for key, value in config.items()})
    sdk_settings.configure(
        sdk_settings.Settings(
            monitor=monitor,
            engine=_Engine(None),
            project=PROJECT,
            stack=stack,
            dry_run=preview,
        )
    )
    sdk_settings.ROOT.set(None)
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda _loop, _context: None)  # who waits for the program gets the exception
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(run_in_stack(to_its_end(program)))
    finally:
        while tasks := asyncio.all_tasks(loop):
            for task in tasks:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_default_executor())
        asyncio.set_event_loop(None)
        loop.close()
