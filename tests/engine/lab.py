"""The scripted provider `lab` of the recordings: a real provider server on loopback over an in-memory store.

It records every semantic call and can be told to fail or to hang. What it does is specified in `recordings/README.md`.
"""

from __future__ import annotations

import copy
import hashlib
import threading
from collections import Counter
from concurrent import futures
from typing import Any, NoReturn, Self

import grpc
from google.protobuf import any_pb2, empty_pb2, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"


def plain(value: Any) -> Any:
    """A value without its secret marks."""
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            return plain(value["value"])
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value


def shown(value: Any) -> Any:
    """A value as the recordings show it."""
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            return {"$secret": shown(value["value"])}
        return {k: shown(v) for k, v in value.items()}
    if isinstance(value, list):
        return [shown(v) for v in value]
    return "<unknown>" if value == UNKNOWN else value


def from_struct(struct: struct_pb2.Struct) -> dict[str, Any]:
    """A protobuf struct as Python values; whole numbers become integers."""
    return {k: _from_value(v) for k, v in struct.fields.items()}


def _from_value(value: struct_pb2.Value) -> Any:
    match value.WhichOneof("kind"):
        case "struct_value":
            return from_struct(value.struct_value)
        case "list_value":
            return [_from_value(v) for v in value.list_value.values]
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "null_value" | None:
            return None
        case kind:
            return getattr(value, kind)


def to_struct(values: dict[str, Any]) -> struct_pb2.Struct:
    """Python values as a protobuf struct."""
    struct = struct_pb2.Struct()
    struct.update(values)
    return struct


def contains_unknown(value: Any) -> bool:
    """Whether anything in the value is unknown."""
    if isinstance(value, dict):
        return any(contains_unknown(v) for v in value.values())
    if isinstance(value, list):
        return any(contains_unknown(v) for v in value)
    return value == UNKNOWN


class Lab:
    """What all instances share: the store, the faults of the present step, the calls made, the names generated."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.store: dict[tuple[str, str], dict[str, Any]] = {}
        self.calls: list[dict[str, Any]] = []
        self.faults: list[dict[str, Any]] = []
        self.fired: Counter[int] = Counter()
        self.hanging = threading.Event()
        self.release = threading.Event()
        self.canceled = threading.Event()
        self.instances: dict[str, tuple[str, str]] = {}
        self.generated: dict[str, str] = {}
        self.counts: Counter[str] = Counter()
        self.preview = False

    def begin_step(self, faults: list[dict[str, Any]], *, preview: bool) -> None:
        """A step of a scenario begins."""
        self.calls = []
        self.faults = faults
        self.fired = Counter()
        self.hanging.clear()
        self.release.clear()
        self.instances = {}
        self.preview = preview
        self._kept = (dict(self.generated), Counter(self.counts))

    def end_step(self) -> None:
        """It is over; names that a preview generated do not count any more."""
        self.release.set()
        if self.preview:
            self.generated, self.counts = self._kept

    def edit(self, edit: dict[str, Any]) -> None:
        """Change the store behind the provider's back."""
        key = (edit.get("region", "r1"), edit["id"])
        match edit["op"]:
            case "put":
                self.store[key] = self.created(edit["inputs"], key[0])
            case "delete":
                self.store.pop(key, None)
            case "patch":
                entry = self.store[key]
                entry["inputs"].update(edit.get("inputs", {}))
                entry["outputs"].update(edit.get("inputs", {}))
                entry["outputs"].update(edit.get("outputs", {}))

    def created(self, inputs: dict[str, Any], region: str) -> dict[str, Any]:
        """A new entry of the store."""
        outputs = {**inputs, "serial": f"sn-{plain(inputs.get('name'))}", "rev": 1, "region": region}
        return {"inputs": copy.deepcopy(inputs), "outputs": copy.deepcopy(outputs)}

    def fault(self, op: str, name: str) -> dict[str, Any] | None:
        """The fault that hits this call, if one does."""
        with self.lock:
            for index, fault in enumerate(self.faults):
                if fault["op"] == op and fault["name"] == name and self.fired[index] < fault.get("count", 1):
                    self.fired[index] += 1
                    return fault
        return None

    def generate(self, logical: str, seed: bytes) -> str:
        """A name for a resource without one."""
        name = f"{logical}-{hashlib.sha256(seed).hexdigest()[:7]}"
        with self.lock:
            self.counts[logical] += 1
            self.generated[name] = f"{logical}-<rand:{self.counts[logical]}>"
        return name

    def record(self, call: dict[str, Any]) -> dict[str, Any]:
        """Remember a call; fields may be added to it later."""
        with self.lock:
            self.calls.append(call)
        return call


class RefusedError(Exception):
    """A call that fails as a fault says, or as the rules of the provider do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class LabProvider(provider_pb2_grpc.ResourceProviderServicer):
    """The provider protocol over a `Lab`; instances are told apart by their connections."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def Handshake(self, request, context):
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def Attach(self, request, context):
        return empty_pb2.Empty()

    def GetPluginInfo(self, request, context):
        return plugin_pb2.PluginInfo(version="1.0.0")

    def Cancel(self, request, context):
        self.lab.canceled.set()
        return empty_pb2.Empty()

    def CheckConfig(self, request, context):
        call = self.lab.record({"op": "CheckConfig", "urn": request.urn})
        news = from_struct(request.news)
        response = provider_pb2.CheckResponse(inputs=request.news)
        if plain(news.get("region")) is None:
            response = provider_pb2.CheckResponse()
            response.failures.add(property="region", reason="region is required")
            call["failures"] = ["region: region is required"]
        return response

    def DiffConfig(self, request, context):
        olds, news = from_struct(request.old_inputs), from_struct(request.news)
        changed = [
            key
            for key in sorted({*olds, *news} - {"version"})
            if plain(olds.get(key)) != plain(news.get(key)) or contains_unknown(news.get(key))
        ]
        replaces = [key for key in changed if key == "region"]
        self.lab.record({"op": "DiffConfig", "urn": request.urn, "changed": changed, "replaces": replaces})
        return provider_pb2.DiffResponse(changes=2 if changed else 1, diffs=changed, replaces=replaces)

    def Configure(self, request, context):
        region = plain(from_struct(request.args)["region"])
        self.lab.record({"op": "Configure", "urn": request.urn, "region": region})
        self.lab.instances[context.peer()] = (request.name, region)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def _instance(self, context) -> tuple[str, str]:
        return self.lab.instances[context.peer()]

    def _run(self, context, call: dict[str, Any], name: str, effect, *, given=None, real: bool = True) -> Any:
        """Carry a call out, with whatever fault is due."""
        fault = self.lab.fault(call["op"], name) if real else None
        try:
            return self._carry_out(context, call, effect, fault or {"mode": "none"}, given)
        except RefusedError as refused:
            call.setdefault("result", f"{refused.code}: {refused.message}")
            return context.abort(getattr(grpc.StatusCode, refused.code), refused.message)

    def _carry_out(self, context, call: dict[str, Any], effect, fault: dict[str, Any], given) -> Any:
        injected = RefusedError(fault.get("code", "UNKNOWN"), fault.get("message", "injected"))
        match fault["mode"]:
            case "before":
                raise injected
            case "after":
                effect()
                raise injected
            case "partial":
                self._partial(context, call, effect(), injected, given)
            case "hang-before":
                self._hang(call)
            case "hang-after":
                effect()
                self._hang(call)
            case "pause":  # in no recording: goes on when it is released
                self.lab.hanging.set()
                self.lab.release.wait()
        return effect()

    def _hang(self, call: dict[str, Any]) -> NoReturn:
        call["result"] = "hang"
        self.lab.hanging.set()
        self.lab.release.wait()
        raise RefusedError("CANCELLED", "released")

    def _partial(self, context, call: dict[str, Any], response, injected: RefusedError, given) -> NoReturn:
        detail = any_pb2.Any()
        detail.Pack(
            provider_pb2.ErrorResourceInitFailed(
                id=getattr(response, "id", "") or call.get("id", ""),
                properties=response.properties,
                inputs=to_struct(given),
                reasons=[injected.message],
            )
        )
        code = getattr(grpc.StatusCode, injected.code)
        status = status_pb2.Status(code=code.value[0], message="init failed", details=[detail])
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        call["result"] = f"{injected.code}: {injected.message}"
        context.abort(code, "init failed")
        raise AssertionError("abort returns")

    def Check(self, request, context):
        olds, news = from_struct(request.olds), from_struct(request.news)
        provider, _ = self._instance(context)
        call = self.lab.record(
            {"op": "Check", "urn": request.urn, "provider": provider, "olds": bool(olds), "news": shown(news)}
        )

        def effect():
            response = provider_pb2.CheckResponse()
            if request.type != "lab:index:Thing":
                reason = f"unknown resource type {request.type}"
                response.failures.add(property="", reason=reason)
                call["failures"] = [reason]
                return response
            if plain(news.get("bad")) is not None:
                response.failures.add(property="bad", reason="bad is not allowed")
                call["failures"] = ["bad: bad is not allowed"]
                return response
            if "name" not in news:
                old_name = plain(olds.get("name"))
                known = isinstance(old_name, str) and old_name != UNKNOWN
                news["name"] = old_name if known else self.lab.generate(request.name, request.randomSeed)
                news["autoNamed"] = True
            response.inputs.CopyFrom(to_struct(news))
            return response

        return self._run(context, call, request.name, effect)

    def Diff(self, request, context):
        olds, news = from_struct(request.old_inputs), from_struct(request.news)
        provider, _ = self._instance(context)
        call = self.lab.record(
            {"op": "Diff", "urn": request.urn, "provider": provider, "id": request.id, "news": shown(news)}
        )
        if request.ignoreChanges:
            call["ignoreChanges"] = list(request.ignoreChanges)

        def effect():
            ignored = {"autoNamed", *request.ignoreChanges}
            changed = [
                key
                for key in sorted({*olds, *news} - ignored)
                if plain(olds.get(key)) != plain(news.get(key)) or contains_unknown(news.get(key))
            ]
            replaces = [key for key in changed if key == "name" or key.startswith("fixed")]
            call["changed"], call["replaces"] = changed, replaces
            same_name = plain(olds.get("name")) == plain(news.get("name"))
            before = bool(replaces) and "autoNamed" not in news and same_name
            if before:
                call["deleteBeforeReplace"] = True
            response = provider_pb2.DiffResponse(
                changes=2 if changed else 1,
                diffs=changed,
                replaces=replaces,
                hasDetailedDiff=True,
                deleteBeforeReplace=before,
            )
            for key in changed:
                kind = "ADD" if key not in olds else "DELETE" if key not in news else "UPDATE"
                kind += "_REPLACE" if key in replaces else ""
                response.detailedDiff[key].kind = getattr(provider_pb2.PropertyDiff, kind)
                response.detailedDiff[key].inputDiff = True
            return response

        return self._run(context, call, request.name, effect)

    def Create(self, request, context):
        inputs = from_struct(request.properties)
        provider, region = self._instance(context)
        call = self.lab.record(
            {
                "op": "Create",
                "urn": request.urn,
                "provider": provider,
                "preview": request.preview,
                "news": shown(inputs),
            }
        )

        def effect():
            if request.preview:
                outputs = {**inputs, "serial": UNKNOWN, "rev": UNKNOWN, "region": region}
                return provider_pb2.CreateResponse(id="", properties=to_struct(outputs))
            id_ = f"{plain(inputs['name'])}@{region}"
            call["id"] = id_
            if (region, id_) in self.lab.store:
                raise RefusedError("ALREADY_EXISTS", f"{id_} already exists")
            entry = self.lab.created(inputs, region)
            self.lab.store[region, id_] = entry
            return provider_pb2.CreateResponse(id=id_, properties=to_struct(entry["outputs"]))

        return self._run(context, call, request.name, effect, given=inputs, real=not request.preview)

    def Update(self, request, context):
        news, olds = from_struct(request.news), from_struct(request.olds)
        provider, region = self._instance(context)
        call = self.lab.record(
            {
                "op": "Update",
                "urn": request.urn,
                "provider": provider,
                "id": request.id,
                "preview": request.preview,
                "news": shown(news),
            }
        )
        if request.ignoreChanges:
            call["ignoreChanges"] = list(request.ignoreChanges)

        def effect():
            outputs = {**news, **{k: olds[k] for k in ("serial", "region") if k in olds}}
            if request.preview:
                return provider_pb2.UpdateResponse(properties=to_struct({**outputs, "rev": UNKNOWN}))
            entry = self.lab.store.get((region, request.id))
            if entry is None:
                raise RefusedError("NOT_FOUND", f"{request.id} not found")
            outputs["rev"] = entry["outputs"]["rev"] + 1
            entry["inputs"], entry["outputs"] = copy.deepcopy(news), copy.deepcopy(outputs)
            return provider_pb2.UpdateResponse(properties=to_struct(outputs))

        return self._run(context, call, request.name, effect, given=news, real=not request.preview)

    def Delete(self, request, context):
        provider, region = self._instance(context)
        call = self.lab.record({"op": "Delete", "urn": request.urn, "provider": provider, "id": request.id})

        def effect():
            self.lab.store.pop((region, request.id), None)
            return empty_pb2.Empty()

        return self._run(context, call, request.name, effect)

    def Read(self, request, context):
        provider, region = self._instance(context)
        call = self.lab.record(
            {
                "op": "Read",
                "urn": request.urn,
                "provider": provider,
                "id": request.id,
                "hasInputs": bool(request.inputs.fields),
            }
        )

        def effect():
            entry = self.lab.store.get((region, request.id))
            call["found"] = entry is not None
            if entry is None:
                return provider_pb2.ReadResponse(id="")
            return provider_pb2.ReadResponse(
                id=request.id, properties=to_struct(entry["outputs"]), inputs=to_struct(entry["inputs"])
            )

        return self._run(context, call, request.name, effect)

    def Invoke(self, request, context):
        args = from_struct(request.args)
        provider, region = self._instance(context)
        call = self.lab.record({"op": "Invoke", "provider": provider, "tok": request.tok, "args": shown(args)})

        def effect():
            if request.tok != "lab:index:lookup":
                raise RefusedError("UNIMPLEMENTED", f"unknown function {request.tok}")
            response = provider_pb2.InvokeResponse()
            id_ = plain(args.get("id"))
            if not id_:
                response.failures.add(property="id", reason="id is required")
                call["failures"] = ["id: id is required"]
                return response
            entry = self.lab.store.get((region, id_))
            serial = entry["outputs"]["serial"] if entry else ""
            found = {"id": id_, "region": region, "found": entry is not None, "serial": serial}
            getattr(response, "return").CopyFrom(to_struct(found))
            return response

        return self._run(context, call, request.tok, effect)


class Server:
    """A running `lab` provider."""

    def __init__(self) -> None:
        self.lab = Lab()
        self._server = grpc.server(futures.ThreadPoolExecutor(max_workers=32))
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(LabProvider(self.lab), self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.lab.release.set()
        self._server.stop(None).wait()
