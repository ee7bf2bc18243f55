"""The analyzer that an engine talks to: takes up what it shows, and answers with what is wrong.

A pack that cannot decide blocks: a stack without a declaration, an unreadable receipt and an error of its own are
mandatory violations, never silence.
"""
# ruff: noqa: N802, D102, ARG002 - methods and their arguments are the protocol's

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, cast

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc, plugin_pb2

from infra.policy_pack import judge
from infra.policy_pack.seen import Seen
from infra.verify.declared import KEY, UndeclaredError
from infra.verify.inputs import ROOT, receipts
from infra.verify.sources.loaded import PROJECT, UnusableError

NAME: Final = "usdata-residency"
VERSION: Final = "1.0.0"
OPTIONS: Final = "residency"
"""What `--policy-pack-config` may set, under this policy's name: `asOf`, and `deployment` where an engine has none."""

_MANDATORY: Final = analyzer_pb2.MANDATORY
MOST: Final = 40
"""Violations told at once: the first ones name the rest."""


class Analyzer(analyzer_pb2_grpc.AnalyzerServicer):
    """One run of one engine."""

    def __init__(self) -> None:
        self._seen = Seen()
        self._stack: judge.Stack | None = None
        self._refused = "the engine has not said which stack this is"
        self._real = False
        self._options: Mapping[str, Any] = {}
        self._asked: analyzer_pb2.AnalyzerStackConfigureRequest | None = None

    def Handshake(self, request: object, context: grpc.ServicerContext) -> analyzer_pb2.AnalyzerHandshakeResponse:
        return analyzer_pb2.AnalyzerHandshakeResponse()

    def GetPluginInfo(self, request: object, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=VERSION)

    def GetAnalyzerInfo(self, request: object, context: grpc.ServicerContext) -> analyzer_pb2.AnalyzerInfo:
        """The theorems, a policy each, and the one that takes options."""
        described = [(policy(it), f"{it} {title}, of the whole stack") for it, title in judge.TITLES.items()]
        described.append((OPTIONS, "That anything can be decided at all"))
        return analyzer_pb2.AnalyzerInfo(
            name=NAME,
            displayName="US data residency",
            version=VERSION,
            supportsConfig=True,
            policies=[
                analyzer_pb2.PolicyInfo(name=name, description=text, message=text, enforcementLevel=_MANDATORY)
                for name, text in described
            ],
        )

    def Configure(self, request: analyzer_pb2.ConfigureAnalyzerRequest, context: grpc.ServicerContext) -> Empty:
        """Options from `--policy-pack-config`."""
        options = request.policyConfig.get(OPTIONS)
        self._options = MessageToDict(options.properties) if options is not None else {}
        self._begin()
        return Empty()

    def ConfigureStack(
        self, request: analyzer_pb2.AnalyzerStackConfigureRequest, context: grpc.ServicerContext
    ) -> analyzer_pb2.AnalyzerStackConfigureResponse:
        """The stack, its configuration, and whether anything will be made."""
        self._asked, self._real = request, not request.dry_run
        self._begin()
        return analyzer_pb2.AnalyzerStackConfigureResponse()

    def _begin(self) -> None:
        if self._asked is None:
            return
        try:
            self._stack = _stack(self._asked, self._options)
            self._refused = ""
        except (UndeclaredError, UnusableError, ValueError) as error:
            self._stack, self._refused = None, str(error)

    def Remediate(self, request: object, context: grpc.ServicerContext) -> analyzer_pb2.RemediateResponse:
        """Nothing: a pack that moved data would be no proof."""
        return analyzer_pb2.RemediateResponse()

    def Analyze(
        self, request: analyzer_pb2.AnalyzeRequest, context: grpc.ServicerContext
    ) -> analyzer_pb2.AnalyzeResponse:
        """A resource before it is made; a preview is judged as a whole, at its end."""
        node = self._seen.take(request)
        if self._stack is None:
            return _refusal(self._refused, node.urn)
        if not self._real or not node.is_managed:
            return analyzer_pb2.AnalyzeResponse()
        return _answer(judge.alone(self._stack, self._seen.around(node), node))

    def AnalyzeStack(
        self, request: analyzer_pb2.AnalyzeStackRequest, context: grpc.ServicerContext
    ) -> analyzer_pb2.AnalyzeResponse:
        """All resources, at the end."""
        if self._stack is None:
            return _refusal(self._refused, "")
        return _answer(judge.whole(self._stack, self._seen.whole(request.resources)))

    def Cancel(self, request: object, context: grpc.ServicerContext) -> Empty:
        return Empty()


def policy(theorem: str) -> str:
    """A theorem's name as a policy: `t1-storage`."""
    return f"{theorem}-{judge.TITLES[theorem]}".lower().replace(" ", "-")


def _stack(asked: analyzer_pb2.AnalyzerStackConfigureRequest, options: Mapping[str, Any]) -> judge.Stack:
    if asked.project != PROJECT:
        raise UnusableError(f"project {asked.project} is not {PROJECT}, whose resources alone are modelled")
    config: dict[str, Any] = dict(asked.config)
    if "deployment" in options:
        given: object = options["deployment"]
        if KEY in config and json.loads(config[KEY]) != given:
            raise UnusableError(f"--policy-pack-config declares another deployment than {KEY} of the stack")
        config[KEY] = given
    as_of = cast("str | None", options.get("asOf"))
    return judge.stack(
        asked.stack,
        config,
        date.fromisoformat(as_of) if as_of else datetime.now(UTC).date(),
        receipts(_receipts_of(asked.stack)),
    )


def _receipts_of(stack: str) -> Path:
    return ROOT / "stacks" / "receipts" / stack


def _answer(found: Iterable[judge.Found]) -> analyzer_pb2.AnalyzeResponse:
    everything = list(found)
    violations = [_violation(policy(theorem), "\n".join(item.lines()), item.urn) for theorem, item in everything[:MOST]]
    if len(everything) > MOST:
        rest = f"and {len(everything) - MOST} more: python -m infra.verify --preview FILE lists all"
        violations.append(_violation(OPTIONS, rest, ""))
    return analyzer_pb2.AnalyzeResponse(diagnostics=violations)


def _refusal(reason: str, urn: str) -> analyzer_pb2.AnalyzeResponse:
    return analyzer_pb2.AnalyzeResponse(diagnostics=[_violation(OPTIONS, f"nothing can be decided: {reason}", urn)])


def _violation(name: str, message: str, urn: str) -> analyzer_pb2.AnalyzeDiagnostic:
    return analyzer_pb2.AnalyzeDiagnostic(
        policyName=name,
        policyPackName=NAME,
        policyPackVersion=VERSION,
        description=message.partition("\n")[0],
        message=message,
        enforcementLevel=_MANDATORY,
        urn=urn,
    )
