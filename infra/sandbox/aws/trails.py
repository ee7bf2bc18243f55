"""CloudTrail: trails, and whether the bucket and the key that they name let them deliver. Nothing is recorded here.

Sources: AWS's pages "Amazon S3 bucket policy for CloudTrail" and "Configure AWS KMS key policies for CloudTrail".
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from infra.sandbox.aws.base import AwsModel, anywhere, as_list, refused
from infra.sandbox.aws.documents import Statement, parse
from infra.sandbox.aws.kms import KEY
from infra.sandbox.aws.regions import arn
from infra.sandbox.aws.s3 import BUCKET, POLICY
from infra.sandbox.model import Call, Model, matches
from infra.sandbox.store import Record
from infra.sandbox.values import Json

TRAIL: Final = "aws:cloudtrail/trail:Trail"

_SERVICE = ("Service", "cloudtrail.amazonaws.com")
_EQUAL = frozenset({"StringEquals", "ArnEquals"})
_LIKE = frozenset({"StringLike", "ArnLike"})


class Trail(AwsModel):
    """A trail. It delivers into one bucket, of any region and account."""

    token = TRAIL
    service = "CloudTrail"
    named_by = "name"

    def identify(self, call: Call) -> str:
        """The ARN, which has the name."""
        return arn("cloudtrail", call.place.region, call.place.account, f"trail/{call.inputs['name']}")

    def refuse(self, call: Call) -> None:
        """A bucket that lets it deliver, and a key of the bucket's region that lets it encrypt."""
        name = call.inputs["name"]
        if not matches(r"[A-Za-z0-9](?:[._-]?[A-Za-z0-9]){2,127}", name):
            raise self._refused(call, "InvalidTrailNameException", f"Trail name {name!r} is not allowed")
        if call.get("includeGlobalServiceEvents") is False and call.get("isMultiRegionTrail"):
            raise self._refused(
                call,
                "InvalidParameterCombinationException",
                "Multi-Region trail must include global service events.",
            )
        bucket = anywhere(call, BUCKET, call.inputs["s3BucketName"])
        if bucket is None:
            message = f"S3 bucket {call.inputs['s3BucketName']} does not exist!"
            raise self._refused(call, "S3BucketDoesNotExistException", message)
        self._refuse_bucket(call, bucket)
        if call.get("kmsKeyId"):
            self._refuse_key(call, bucket, call.inputs["kmsKeyId"])

    def outputs(self, call: Call, id_: str) -> Json:
        """ARN and home."""
        return super().outputs(call, id_) | {"arn": id_, "homeRegion": call.place.region, "snsTopicArn": ""}

    def _refuse_bucket(self, call: Call, bucket: Record) -> None:
        policy = call.clouds.find(cloud="aws", account=bucket.account, region=bucket.region, type=POLICY, id=bucket.id)
        prefix = f"{call.inputs['s3KeyPrefix']}/" if call.get("s3KeyPrefix") else ""
        objects = f"arn:aws:s3:::{bucket.id}/{prefix}AWSLogs/{call.place.account}/CloudTrail/x"
        about = {"aws:SourceArn": self.identify(call), "aws:SourceAccount": call.place.account}
        asked = (
            ("s3:GetBucketAcl", f"arn:aws:s3:::{bucket.id}", about),
            ("s3:PutObject", objects, about | {"s3:x-amz-acl": "bucket-owner-full-control"}),
        )
        if policy is None or not all(_allowed(policy.inputs["policy"], *each) for each in asked):
            message = f"Incorrect S3 bucket policy is detected for bucket: {bucket.id}"
            raise self._refused(call, "InsufficientS3BucketPolicyException", message)

    def _refuse_key(self, call: Call, bucket: Record, text: str) -> None:
        key = anywhere(call, KEY, text.rpartition("key/")[2])
        if key is None or text != key.outputs["arn"] or key.region != bucket.region:
            message = f"KMS key {text} does not exist, or is not in {bucket.region}, where the bucket is"
            raise self._refused(call, "KmsKeyNotFoundException", message)
        trail = self.identify(call)
        about = {"aws:SourceArn": trail, "kms:EncryptionContext:aws:cloudtrail:arn": trail}
        document = key.inputs.get("policy") or key.outputs["policy"]
        if not _allowed(document, "kms:GenerateDataKey", key.outputs["arn"], about):
            message = f"Insufficient permissions to access KMS key {key.outputs['arn']}"
            raise self._refused(call, "InsufficientEncryptionPolicyException", message)

    def _refused(self, call: Call, code: str, message: str) -> Exception:
        return refused(400, code, message, "CreateTrail" if call.is_new else "UpdateTrail")


def _allowed(document: str, action: str, resource: str, about: Mapping[str, str]) -> bool:
    """Whether a resource's policy lets CloudTrail do something; no deny is asked for."""
    return any(_allows(statement, action, resource, about) for statement in parse(document, with_principals=True))


def _allows(statement: Statement, action: str, resource: str, about: Mapping[str, str]) -> bool:
    return (
        statement.effect == "Allow"
        and not statement.inverted
        and _SERVICE in statement.principals
        and any(fnmatchcase(action, pattern) for pattern in statement.actions)
        and any(fnmatchcase(resource, pattern) for pattern in statement.resources)
        and all(_holds(operator, keys, about) for operator, keys in statement.conditions.items())
    )


def _holds(operator: str, keys: Mapping[str, Any], about: Mapping[str, str]) -> bool:
    """Whether a condition holds of a request: not by a comparison unknown here, nor for what it does not carry."""
    if operator not in _EQUAL | _LIKE:
        return False
    compare = str.__eq__ if operator in _EQUAL else fnmatchcase
    return all(
        key in about and any(compare(about[key], str(value)) for value in as_list(values))
        for key, values in keys.items()
    )


MODELS: tuple[Model, ...] = (Trail(),)
