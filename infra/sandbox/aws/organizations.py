"""AWS Organizations: control policies, what they may look like, and what they keep the accounts from doing.

Every account belongs to one organization here, whose management account is the one that makes the policies. A service
control policy is enforced for what this project's accounts do: a deny whose action and conditions are known to hold
refuses the call. What it asks of a caller that the sandbox does not know (an operator or key that is in no table here)
is left alone. Resource control policies are checked and not enforced: the sandbox knows no stranger.

Sources: AWS's pages "SCP syntax", "RCP syntax", "Quotas for AWS Organizations".
"""

from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import ClassVar, Final

from infra.sandbox.aws.base import AwsModel, acting, as_list, refused, texts
from infra.sandbox.aws.documents import DocumentError, Statement, parse
from infra.sandbox.aws.regions import arn, unique_id
from infra.sandbox.errors import CloudError
from infra.sandbox.model import Call, Model, Operation, Reference, matches
from infra.sandbox.store import ACTIVE, Record
from infra.sandbox.values import Json, record

POLICY: Final = "aws:organizations/policy:Policy"
ATTACHMENT: Final = "aws:organizations/policyAttachment:PolicyAttachment"

_SERVICE, _RESOURCE = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
_LONGEST: Final = 5_120
_MOST: Final = 5
"""Policies of a kind on a target; AWS's own, which lets everything through, is one of them."""

_RESOURCE_SERVICES: Final = frozenset(
    {"cognito-idp", "dynamodb", "ecr", "kms", "logs", "s3", "secretsmanager", "sqs", "sts"}
)


class _Organizations(AwsModel):
    service = "Organizations"
    account_wide = True


class Policy(_Organizations):
    """A control policy."""

    token = POLICY
    named_by = "name"

    def identify(self, call: Call) -> str:
        """`p-` and letters."""
        return f"p-{unique_id(call.place.account, call.urn, call.clouds.generation(call.urn))[:8]}"

    def refuse(self, call: Call) -> None:
        """A document of its kind, and not too long."""
        content, kind = str(call.inputs["content"]), call.get("type", _SERVICE)
        if len(content) > _LONGEST:
            raise _constraint(
                f"POLICY_CONTENT_LIMIT_EXCEEDED: {len(content)} characters, at most {_LONGEST}", "CreatePolicy"
            )
        if kind not in {_SERVICE, _RESOURCE}:
            return
        try:
            statements = parse(content, with_principals=kind == _RESOURCE)
        except DocumentError as error:
            raise refused(400, "MalformedPolicyDocumentException", str(error), "CreatePolicy") from error
        for problem in _problems(statements, kind):
            raise refused(400, "MalformedPolicyDocumentException", problem, "CreatePolicy")

    def outputs(self, call: Call, id_: str) -> Json:
        """ARN, and the kind that is meant where none is said."""
        where = f"policy/o-simulated1/{call.get('type', _SERVICE).lower()}/{id_}"
        filled: Json = {"arn": arn("organizations", "", call.place.account, where), "type": _SERVICE}
        return super().outputs(call, id_) | {name: value for name, value in filled.items() if name not in call.inputs}


def _problems(statements: tuple[Statement, ...], kind: str) -> Iterator[str]:
    for statement in statements:
        if not statement.resources:
            yield "Missing required field Resource"
        if kind == _SERVICE:
            continue
        if statement.effect != "Deny":
            yield "A resource control policy only denies"
        if statement.principals != (("*", "*"),):
            yield "The principal of a resource control policy is *"
        for action in statement.actions:
            if action.partition(":")[0] not in _RESOURCE_SERVICES:
                yield f"Unsupported action in a resource control policy: {action}"


class Attachment(_Organizations):
    """A policy on an account, a unit or the root."""

    token = ATTACHMENT
    references: ClassVar = (Reference(path="policyId", to=(POLICY,)),)

    def identify(self, call: Call) -> str:
        """Target and policy."""
        return f"{call.inputs['targetId']}:{call.inputs['policyId']}"

    def refuse(self, call: Call) -> None:
        """A target that can be one, once, and not too many on it."""
        target, policy = str(call.inputs["targetId"]), str(call.inputs["policyId"])
        if not matches(r"\d{12}|ou-[a-z0-9-]{10,68}|r-[a-z0-9]{4,32}", target):
            raise refused(
                400, "TargetNotFoundException", f"You specified a target that doesn't exist: {target}", "AttachPolicy"
            )
        attached = [it for it in _live(call, ATTACHMENT) if it.inputs["targetId"] == target]
        if call.is_new and any(it.inputs["policyId"] == policy for it in attached):
            message = "The selected policy is already attached to the specified target."
            raise refused(400, "DuplicatePolicyAttachmentException", message, "AttachPolicy")
        kinds = {it.id: _kind(it) for it in _live(call, POLICY)}
        same = [it for it in attached if kinds.get(it.inputs["policyId"]) == kinds[policy]]
        if call.is_new and len(same) + 1 >= _MOST:
            raise _constraint(f"MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED: at most {_MOST} on {target}", "AttachPolicy")


def refuse_controlled(call: Call) -> None:
    """A call that a service control policy on its account denies.

    Raises:
        CloudError: the policy, by its id.
    """
    if call.operation is Operation.READ or call.token in {POLICY, ATTACHMENT}:
        return
    on = {it.inputs["policyId"] for it in _live(call, ATTACHMENT) if it.inputs["targetId"] == call.place.account}
    if not on:
        return
    action = _action(call)
    for policy in _live(call, POLICY):
        if policy.id in on and _kind(policy) == _SERVICE:
            for statement in parse(str(policy.inputs["content"]), with_principals=False):
                if statement.effect == "Deny" and _applies(statement, action, call):
                    raise refused(
                        403, "AccessDenied",
                        f"User is not authorized to perform: {action} with an explicit deny in a service control "
                        f"policy: {policy.id}", action.partition(":")[2],
                    )  # fmt: skip


_ACTIONS: Final[Mapping[tuple[str, Operation], str]] = MappingProxyType(
    {
        ("aws:cloudtrail/trail:Trail", Operation.UPDATE): "cloudtrail:UpdateTrail",
        ("aws:kms/replicaKey:ReplicaKey", Operation.CREATE): "kms:ReplicateKey",
        ("aws:s3/bucketAccelerateConfiguration:BucketAccelerateConfiguration", Operation.CREATE):
            "s3:PutAccelerateConfiguration",
        ("aws:s3/bucketReplicationConfig:BucketReplicationConfig", Operation.CREATE): "s3:PutReplicationConfiguration",
        ("aws:s3control/multiRegionAccessPoint:MultiRegionAccessPoint", Operation.CREATE):
            "s3:CreateMultiRegionAccessPoint",
    }
)  # fmt: skip
"""The calls by which types are made and changed whose names do not say so."""


def _action(call: Call) -> str:
    known = _ACTIONS.get((call.token, call.operation))
    module, _, kind = call.token.split(":")[1].partition("/")
    service = "events" if module == "cloudwatch" and kind.startswith("event") else module  # as IAM calls EventBridge
    stops = call.token == "aws:cloudtrail/trail:Trail" and call.get("enableLogging", True) is False  # noqa: S105
    return (
        "cloudtrail:StopLogging"
        if stops
        else known or f"{service}:{call.operation.capitalize()}{call.token.rpartition(':')[2]}"
    )


def _applies(statement: Statement, action: str, call: Call) -> bool:
    named = any(fnmatchcase(action.lower(), pattern.lower()) for pattern in statement.actions)
    return named is not statement.inverted and all(
        _holds(operator, key, texts(as_list(values)), call)
        for operator, keys in statement.conditions.items()
        for key, values in record(keys).items()
    )


def _holds(operator: str, key: str, values: list[str], call: Call) -> bool:
    """Whether a condition is known to hold."""
    region = "us-east-1" if call.token.startswith("aws:iam/") else call.place.region
    given = {
        "aws:requestedregion": [region],
        "aws:principalarn": acting(call),
    }.get(key.lower())
    test = _TESTS.get(operator)
    return given is not None and test is not None and test(given, values)


_TESTS: Final[Mapping[str, Callable[[list[str], list[str]], bool]]] = MappingProxyType(
    {
        "ArnEquals": lambda given, values: bool({*given} & {*values}),
        "ArnNotEquals": lambda given, values: not {*given} & {*values},
        "StringEquals": lambda given, values: bool({*given} & {*values}),
        "StringNotEquals": lambda given, values: not {*given} & {*values},
    }
)


def _live(call: Call, token: str) -> list[Record]:
    return [it for it in call.clouds.all(cloud="aws", type=token) if it.status == ACTIVE]


def _kind(policy: Record) -> str:
    return str(policy.inputs.get("type") or _SERVICE)


def _constraint(message: str, operation: str) -> CloudError:
    return refused(400, "ConstraintViolationException", message, operation)


MODELS: tuple[Model, ...] = (Policy(), Attachment())
