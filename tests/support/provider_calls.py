"""What the AWS provider calls to create, read, update and delete a resource, with what each call is about and says.

Written down from the source of the provider's resources, function by function, apart from what grants the calls. That
the provider makes no other it cannot prove: a call that is missing here and there fails a first deployment.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.recorder import Registration


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call: `says` are the keys that it carries beside its region."""

    action: str
    resource: str
    says: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Done:
    """A resource, where it is, and its inputs before and after; None where it is not there."""

    account: str
    region: str
    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None

    @property
    def inputs(self) -> Mapping[str, Any]:
        """As it is, or was."""
        found = self.new if self.new is not None else self.old
        assert found is not None
        return found

    def changed(self, *names: str) -> bool:
        """Whether one of these properties is another."""
        assert self.old is not None and self.new is not None  # noqa: PT018 - of an update
        return any(self.old.get(name) != self.new.get(name) for name in names)

    def arn(self, service: str, rest: str, *, anywhere: bool = False) -> str:
        """An ARN of its account, and of its region unless the service has one place for all."""
        return f"arn:aws:{service}:{'' if anywhere else self.region}:{self.account}:{rest}"


def _plain(service: str, arn: Callable[[Done], str], **names: str) -> Mapping[str, Callable[[Done], Iterator[Call]]]:
    """A type of which each function calls some names about its one ARN; `update` is `create` where it is not given."""

    def of(words: str) -> Callable[[Done], Iterator[Call]]:
        return lambda it: (Call(action=f"{service}:{word}", resource=arn(it)) for word in words.split())

    made = {name: of(words) for name, words in names.items()}
    return {"update": made["create"], **made}


def _bucket(it: Done) -> str:
    return f"arn:aws:s3:::{it.inputs['bucket']}"


def _new_bucket(it: Done) -> Iterator[Call]:
    yield Call(action="s3:CreateBucket", resource=_bucket(it))
    yield Call(action="s3:TagResource", resource=_bucket(it))
    if it.inputs.get("objectLockEnabled"):
        for word in ("PutBucketVersioning", "PutBucketObjectLockConfiguration"):
            yield Call(action=f"s3:{word}", resource=_bucket(it))


def _key(it: Done) -> str:
    return it.arn("kms", _KEY)


_KEY = "key/00000000-0000-0000-0000-000000000000"


def _new_key(it: Done) -> Iterator[Call]:
    tags = {f"aws:RequestTag/{key}": value for key, value in it.inputs["tags"].items()}
    yield Call(action="kms:CreateKey", resource="*", says={"kms:MultiRegion": str(it.inputs["multiRegion"]).lower()})
    yield Call(action="kms:TagResource", resource=it.arn("kms", _KEY), says=tags)
    yield Call(action="kms:EnableKeyRotation", resource=it.arn("kms", _KEY))


def _changed_key(it: Done) -> Iterator[Call]:
    tags = {f"aws:RequestTag/{key}": value for key, value in it.inputs["tags"].items()}
    if it.changed("policy"):
        yield Call(action="kms:PutKeyPolicy", resource=it.arn("kms", _KEY))
    if it.changed("tags"):
        yield Call(action="kms:TagResource", resource=it.arn("kms", _KEY), says=tags)


def _alias(word: str, *, key: bool) -> Callable[[Done], Iterator[Call]]:
    def made(it: Done) -> Iterator[Call]:
        yield Call(action=f"kms:{word}", resource=it.arn("kms", it.inputs["name"]))
        if key:
            yield Call(action=f"kms:{word}", resource=it.arn("kms", _KEY))

    return made


def _role(it: Done, name: str = "name") -> str:
    return it.arn("iam", f"role/{it.inputs[name]}", anywhere=True)


def _bounded(it: Done, word: str, name: str = "name", bound: str | None = None) -> Call:
    boundary = bound if bound is not None else it.inputs.get("permissionsBoundary")
    return Call(
        action=f"iam:{word}", resource=_role(it, name), says={"iam:PermissionsBoundary": boundary} if boundary else {}
    )


def _changed_role(it: Done) -> Iterator[Call]:
    if it.changed("assumeRolePolicy"):
        yield Call(action="iam:UpdateAssumeRolePolicy", resource=_role(it))
    if it.changed("description"):
        yield Call(action="iam:UpdateRoleDescription", resource=_role(it))
    if it.changed("permissionsBoundary"):
        yield _bounded(it, "PutRolePermissionsBoundary")


def _gone_role(it: Done) -> Iterator[Call]:
    """Its policies are part of what the provider reads of it, and go first."""
    for word in ("ListInstanceProfilesForRole", "ListRolePolicies", "DeleteRole"):
        yield Call(action=f"iam:{word}", resource=_role(it))


def _inside(word: str) -> Callable[[Done], Iterator[Call]]:
    """A call about a policy inside a role, which carries the role's boundary."""

    def made(it: Done) -> Iterator[Call]:
        bound = it.arn("iam", f"policy/{it.inputs['role'].partition('-')[0]}-boundary", anywhere=True)
        yield _bounded(it, word, "role", bound)

    return made


def _read(service: str, words: str, arn: Callable[[Done], str], anywhere: str = "") -> Callable[[Done], Iterator[Call]]:
    def made(it: Done) -> Iterator[Call]:
        yield from (Call(action=f"{service}:{word}", resource=arn(it)) for word in words.split())
        yield from (Call(action=f"{service}:{word}", resource="*") for word in anywhere.split())

    return made


def _trail(it: Done) -> str:
    return it.arn("cloudtrail", f"trail/{it.inputs['name']}")


def _topic(it: Done) -> str:
    return it.arn("sns", it.inputs["name"])


def _rule(name: str) -> Callable[[Done], str]:
    return lambda it: it.arn("events", f"rule/{it.inputs[name]}")


def _targets(it: Done) -> Iterator[Call]:
    yield Call(action="events:PutTargets", resource=_rule("rule")(it), says={"events:TargetArn": [it.inputs["arn"]]})


def _passed(it: Done) -> Iterator[Call]:
    """The roles that DataSync is to act as."""
    report = (it.inputs.get("taskReportConfig") or {}).get("s3Destination") or {}
    for config in (it.inputs.get("s3Config") or {}, report):
        if (role := config.get("bucketAccessRoleArn")) is not None:
            yield Call(action="iam:PassRole", resource=role, says={"iam:PassedToService": "datasync.amazonaws.com"})


def _transfer(word: str, at: str = "") -> Callable[[Done], Iterator[Call]]:
    """A call about a location or a task, which DataSync names itself."""

    def made(it: Done) -> Iterator[Call]:
        yield Call(action=f"datasync:{word}", resource=it.arn("datasync", f"{at}/{at}-0") if at else "*")
        if word.startswith(("Create", "Update")):
            yield from _passed(it)
        if "ObjectStorage" in word and word.startswith("Create"):
            secret = it.arn("secretsmanager", "secret:aws-datasync!0")
            service = it.arn(
                "iam", "role/aws-service-role/datasync.amazonaws.com/AWSServiceRoleForDataSync", anywhere=True
            )
            yield Call(action="secretsmanager:CreateSecret", resource=secret)
            yield Call(
                action="iam:CreateServiceLinkedRole",
                resource=service,
                says={"iam:AWSServiceName": "datasync.amazonaws.com"},
            )
        if "ObjectStorage" in word and word.startswith("Update"):
            for name in ("UpdateSecret", "PutSecretValue"):
                yield Call(action=f"secretsmanager:{name}", resource=it.arn("secretsmanager", "secret:aws-datasync!0"))
        if word == "DeleteLocation" and "secretKey" in it.inputs:
            yield Call(action="secretsmanager:DeleteSecret", resource=it.arn("secretsmanager", "secret:aws-datasync!0"))

    return made


def _control(it: Done) -> str:
    kind = str(it.inputs.get("type", "SERVICE_CONTROL_POLICY")).lower()
    return it.arn("organizations", f"policy/o-k3m9x2q7ra/{kind}/p-0", anywhere=True)


def _target(it: Done) -> str:
    return it.arn("organizations", f"account/o-k3m9x2q7ra/{it.inputs['targetId']}", anywhere=True)


PROVIDER: Mapping[str, Mapping[str, Callable[[Done], Iterator[Call]]]] = {
    "aws:s3/bucket:Bucket": _plain(
        "s3", _bucket,
        create="", update="TagResource UntagResource", delete="DeleteBucket",
        read="ListBucket GetBucketPolicy GetBucketAcl GetBucketCORS GetBucketWebsite GetBucketVersioning "
        "GetAccelerateConfiguration GetBucketRequestPayment GetBucketLogging GetLifecycleConfiguration "
        "GetReplicationConfiguration GetEncryptionConfiguration GetBucketObjectLockConfiguration ListTagsForResource",
    ) | {"create": _new_bucket},
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _plain(
        "s3", _bucket, create="PutBucketOwnershipControls", read="GetBucketOwnershipControls",
        delete="PutBucketOwnershipControls",
    ),
    "aws:s3/bucketPolicy:BucketPolicy": _plain(
        "s3", _bucket, create="PutBucketPolicy", read="GetBucketPolicy", delete="DeleteBucketPolicy"
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _plain(
        "s3", _bucket, create="PutBucketPublicAccessBlock", read="GetBucketPublicAccessBlock",
        delete="PutBucketPublicAccessBlock",
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _plain(
        "s3", _bucket, create="PutEncryptionConfiguration", read="GetEncryptionConfiguration",
        delete="PutEncryptionConfiguration",
    ),
    "aws:s3/bucketVersioning:BucketVersioning": _plain(
        "s3", _bucket, create="PutBucketVersioning", read="GetBucketVersioning", delete="PutBucketVersioning"
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _plain(
        "s3", _bucket, create="PutLifecycleConfiguration", read="GetLifecycleConfiguration",
        delete="PutLifecycleConfiguration",
    ),
    "aws:s3/inventory:Inventory": _plain(
        "s3", _bucket, create="PutInventoryConfiguration", read="GetInventoryConfiguration",
        delete="PutInventoryConfiguration",
    ),
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": _plain(
        "s3", _bucket, create="PutBucketObjectLockConfiguration", read="GetBucketObjectLockConfiguration",
        delete="PutBucketObjectLockConfiguration",
    ),
    "aws:kms/key:Key": {
        "create": _new_key,
        "read": _read("kms", "DescribeKey GetKeyPolicy GetKeyRotationStatus ListResourceTags", _key),
        "update": _changed_key,
        "delete": _read("kms", "ScheduleKeyDeletion DescribeKey", _key),
    },
    "aws:kms/alias:Alias": {
        "create": _alias("CreateAlias", key=True),
        "read": _read("kms", "", _key, anywhere="ListAliases"),
        "update": _alias("UpdateAlias", key=True),
        "delete": _alias("DeleteAlias", key=True),
    },
    "aws:iam/role:Role": {
        "create": lambda it: iter([_bounded(it, "CreateRole")]),
        "read": _read("iam", "GetRole ListRolePolicies GetRolePolicy ListAttachedRolePolicies", _role),
        "update": _changed_role,
        "delete": _gone_role,
    },
    "aws:iam/rolePolicy:RolePolicy": {
        "create": _inside("PutRolePolicy"),
        "read": _read("iam", "GetRolePolicy", lambda it: _role(it, "role")),
        "update": _inside("PutRolePolicy"),
        "delete": _inside("DeleteRolePolicy"),
    },
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": {
        "read": _read(
            "iam", "GetOpenIDConnectProvider",
            lambda it: it.arn("iam", f"oidc-provider/{it.inputs['url'].removeprefix('https://')}", anywhere=True),
        ),
    },
    "aws:iam/policy:Policy": {
        "read": _read(
            "iam", "GetPolicy GetPolicyVersion",
            lambda it: it.arn("iam", f"policy/{it.inputs['name']}", anywhere=True),
        ),
    },
    "aws:cloudtrail/trail:Trail": {
        "create": _read("cloudtrail", "CreateTrail StartLogging PutEventSelectors", _trail),
        "read": _read("cloudtrail", "GetTrailStatus GetEventSelectors ListTags", _trail, anywhere="DescribeTrails"),
        "update": _read("cloudtrail", "UpdateTrail PutEventSelectors", _trail),
        "delete": _read("cloudtrail", "DeleteTrail", _trail),
    },
    "aws:sns/topic:Topic": _plain(
        "sns", _topic, create="CreateTopic", read="GetTopicAttributes ListTagsForResource", delete="DeleteTopic"
    ),
    "aws:sns/topicPolicy:TopicPolicy": _plain(
        "sns", lambda it: it.inputs["arn"], create="SetTopicAttributes", read="GetTopicAttributes",
        delete="SetTopicAttributes",
    ),
    "aws:sns/topicSubscription:TopicSubscription": {
        "create": _read("sns", "Subscribe", lambda it: it.inputs["topic"]),
        "read": _read("sns", "", _topic, anywhere="GetSubscriptionAttributes"),
        "delete": _read("sns", "", _topic, anywhere="Unsubscribe"),
    },
    "aws:cloudwatch/eventRule:EventRule": _plain(
        "events", _rule("name"), create="PutRule", read="DescribeRule ListTagsForResource", delete="DeleteRule"
    ),
    "aws:cloudwatch/eventTarget:EventTarget": _plain(
        "events", _rule("rule"), create="", read="ListTargetsByRule", delete="RemoveTargets"
    ) | {"create": _targets, "update": _targets},
    "aws:cloudwatch/metricAlarm:MetricAlarm": {
        "create": _read("cloudwatch", "PutMetricAlarm", lambda it: it.arn("cloudwatch", f"alarm:{it.inputs['name']}")),
        "read": _read(
            "cloudwatch", "ListTagsForResource", lambda it: it.arn("cloudwatch", f"alarm:{it.inputs['name']}"),
            anywhere="DescribeAlarms",
        ),
        "update": _read("cloudwatch", "PutMetricAlarm", lambda it: it.arn("cloudwatch", f"alarm:{it.inputs['name']}")),
        "delete": _read("cloudwatch", "DeleteAlarms", lambda it: it.arn("cloudwatch", f"alarm:{it.inputs['name']}")),
    },
    "aws:datasync/locationObjectStorage:LocationObjectStorage": {
        "create": _transfer("CreateLocationObjectStorage"),
        "read": _read(
            "datasync", "DescribeLocationObjectStorage ListTagsForResource",
            lambda it: it.arn("datasync", "location/loc-0"),
        ),
        "update": _transfer("UpdateLocationObjectStorage", "location"),
        "delete": _transfer("DeleteLocation", "location"),
    },
    "aws:datasync/s3Location:S3Location": {
        "create": _transfer("CreateLocationS3"),
        "read": _read(
            "datasync", "DescribeLocationS3 ListTagsForResource", lambda it: it.arn("datasync", "location/loc-0")
        ),
        "update": _transfer("UpdateLocationS3", "location"),
        "delete": _transfer("DeleteLocation", "location"),
    },
    "aws:datasync/task:Task": {
        "create": lambda it: iter([
            *_transfer("CreateTask", "location")(it), *_transfer("CreateTask", "task")(it)
        ]),
        "read": _read("datasync", "DescribeTask ListTagsForResource", lambda it: it.arn("datasync", "task/task-0")),
        "update": _transfer("UpdateTask", "task"),
        "delete": _transfer("DeleteTask", "task"),
    },
    "aws:organizations/policy:Policy": {
        "create": lambda it: iter([
            Call(
                action="organizations:CreatePolicy", resource="*", says={"organizations:PolicyType": it.inputs["type"]}
            ),
        ]),
        "read": _read("organizations", "DescribePolicy ListTagsForResource", _control),
        "update": _read("organizations", "UpdatePolicy", _control),
    },
    "aws:organizations/policyAttachment:PolicyAttachment": {
        "create": lambda it: iter([
            Call(action="organizations:AttachPolicy", resource=place) for place in (_control(it), _target(it))
        ]),
        "read": _read("organizations", "ListTargetsForPolicy", _control),
    },
}  # fmt: skip
"""By type, then by what is done. What has no function is imported, and never made or ended by this stack."""


def made(old: Registration | None, new: Registration | None, *, account: str, region: str) -> Iterator[Call]:
    """What an update calls for one resource: whatever is there is read, and made, changed or ended as it has to be."""
    held = new or old
    assert held is not None
    done = Done(
        account=account,
        region=str(held.inputs.get("region") or region),
        old=old.inputs if old is not None else None,
        new=new.inputs if new is not None else None,
    )
    functions = PROVIDER[held.type]
    if old is None and held.import_id in ("", None):
        yield from functions["create"](done)
    if old is not None and new is not None and old.inputs != new.inputs:
        yield from functions["update"](done)
    if new is None and held.retain:
        return
    if new is None:
        yield from functions["delete"](done)
    yield from functions["read"](done)
