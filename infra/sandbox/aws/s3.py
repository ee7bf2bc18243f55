"""S3 buckets and their settings. Names are unique in the whole world; settings belong to a bucket and go with it."""

import ipaddress
import re
from typing import Final

from infra.sandbox.aws.base import AwsModel, anywhere, refused
from infra.sandbox.aws.documents import DocumentError, Statement, key_region, parse, refuse_strangers
from infra.sandbox.aws.regions import HOSTED_ZONES, arn
from infra.sandbox.model import Call, Model
from infra.sandbox.store import ACTIVE, Record
from infra.sandbox.values import Json, record

BUCKET = "aws:s3/bucket:Bucket"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
PUBLIC_ACCESS = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
OBJECT_LOCK = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"

_NAME = re.compile(r"(?!xn--)(?!sthree-)(?!amzn-s3-demo-)[a-z0-9](?:[a-z0-9.-]{1,61})[a-z0-9]")


class Bucket(AwsModel):
    """A bucket."""

    token = BUCKET
    service = "S3"

    def identify(self, call: Call) -> str:
        """The name itself."""
        return str(call.inputs["bucket"])

    def refuse(self, call: Call) -> None:
        """A valid name that nobody in any region and account has."""
        name = str(call.get("bucket", ""))
        if not _NAME.fullmatch(name) or ".." in name or _is_address(name) or name.endswith(("-s3alias", "--ol-s3")):
            raise refused(400, "InvalidBucketName", f"The specified bucket is not valid: {name!r}", "CreateBucket")
        holder = anywhere(call, BUCKET, name)
        if call.is_new and holder is not None:
            if holder.account == call.place.account:
                raise refused(
                    409, "BucketAlreadyOwnedByYou",
                    "Your previous request to create the named bucket succeeded and you already own it. "
                    f"({name}, {holder.region})",
                    "CreateBucket",
                )  # fmt: skip
            raise refused(
                409, "BucketAlreadyExists",
                "The requested bucket name is not available. The bucket namespace is shared by all users of the "
                f"system. Please select a different name and try again. ({name})",
                "CreateBucket",
            )  # fmt: skip

    def outputs(self, call: Call, id_: str) -> Json:
        """Names under which the bucket is reached, and defaults of a new bucket."""
        region = call.place.region
        filled: Json = {
            "arn": arn("s3", "", "", id_),
            "bucketDomainName": f"{id_}.s3.amazonaws.com",
            "bucketRegion": region,
            "bucketRegionalDomainName": f"{id_}.s3.{region}.amazonaws.com",
            "bucketNamespace": "global",
            "hostedZoneId": HOSTED_ZONES.get(region, "Z0000000000000"),
            "objectLockEnabled": False,
            "requestPayer": "BucketOwner",
        }
        return super().outputs(call, id_) | {name: value for name, value in filled.items() if name not in call.inputs}

    def refuse_delete(self, call: Call, record: Record) -> None:
        """Only an empty bucket, unless `forceDestroy` empties it."""
        del call
        if record.hidden.get("objects") and not record.inputs.get("forceDestroy"):
            raise refused(
                409, "BucketNotEmpty",
                "The bucket you tried to delete is not empty. You must delete all versions in the bucket. "
                f"({record.id})",
                "DeleteBucket",
            )  # fmt: skip

    def delete(self, call: Call, record: Record) -> None:
        """Its settings go with it."""
        call.clouds.remove(record)
        for token in sorted(SETTINGS):
            for setting in call.clouds.all(cloud="aws", account=record.account, region=record.region, type=token):
                if setting.inputs.get("bucket") == record.inputs["bucket"]:
                    call.clouds.remove(setting)


class BucketSetting(AwsModel):
    """A setting of a bucket: put as a whole, over whatever was there."""

    service = "S3"

    def identify(self, call: Call) -> str:
        """The bucket's name, with the expected owner where one is given."""
        owner = call.get("expectedBucketOwner")
        return f"{call.inputs['bucket']},{owner}" if owner else str(call.inputs["bucket"])

    def refuse(self, call: Call) -> None:
        """The bucket exists here and belongs to the expected owner."""
        owner = call.get("expectedBucketOwner")
        if owner and owner != call.place.account:
            raise refused(403, "AccessDenied", "Access Denied (expected bucket owner)", self.operation(call))
        self.refuse_setting(call, held_bucket(call, str(call.inputs["bucket"]), self.operation(call)))

    def refuse_setting(self, call: Call, bucket: Record) -> None:
        """What else the API refuses."""

    def operation(self, call: Call) -> str:
        """Name of the API operation."""
        return f"Put{call.token.rpartition(':')[2]}"


def held_bucket(call: Call, name: str, operation: str) -> Record:
    """The bucket of this name in the call's account and region.

    Raises:
        CloudError: it does not exist, or it does in another region.
    """
    found = call.visible(BUCKET, name)
    if found is not None:
        return found
    elsewhere = anywhere(call, BUCKET, name)
    if elsewhere is None:
        raise refused(404, "NoSuchBucket", f"The specified bucket does not exist ({name})", operation)
    if elsewhere.account != call.place.account:
        raise refused(403, "AccessDenied", f"Access Denied ({name} belongs to another account)", operation)
    raise refused(
        301, "PermanentRedirect",
        f"The bucket you are attempting to access must be addressed using the specified endpoint ({name} is in "
        f"{elsewhere.region}, the request went to {call.place.region})",
        operation,
    )  # fmt: skip


def bucket_by_arn(call: Call, text: str) -> Record | None:
    """The bucket that an ARN names, in any region of any account."""
    match = re.fullmatch(r"arn:aws:s3:::([^/*]+)", text)
    return anywhere(call, BUCKET, match[1]) if match else None


class BucketPolicy(BucketSetting):
    """Who may do what with a bucket."""

    token = POLICY

    def refuse_setting(self, call: Call, bucket: Record) -> None:
        """A document about this bucket, with principals that exist, and not public where that is blocked."""
        try:
            statements = parse(call.inputs["policy"], with_principals=True)
            refuse_strangers(call, statements)
            _refuse_foreign(bucket.id, statements)
        except DocumentError as error:
            raise refused(400, "MalformedPolicy", str(error), "PutBucketPolicy") from error
        block = call.visible(PUBLIC_ACCESS, bucket.id)
        if block and block.inputs.get("blockPublicPolicy") and any(s.is_public for s in statements):
            raise refused(
                403, "AccessDenied",
                "User is not authorized to perform: s3:PutBucketPolicy because public policies are prevented by the "
                "BlockPublicPolicy setting in S3 Block Public Access",
                "PutBucketPolicy",
            )  # fmt: skip


class BucketPublicAccessBlock(BucketSetting):
    """No public access, whatever a policy says."""

    token = PUBLIC_ACCESS

    def operation(self, call: Call) -> str:
        """The API's own name."""
        del call
        return "PutPublicAccessBlock"


class BucketVersioning(BucketSetting):
    """Old versions are kept. Destroying this suspends it."""

    token = VERSIONING

    def refuse_setting(self, call: Call, bucket: Record) -> None:
        """A lock needs versions; what was on cannot be off."""
        status = call.inputs["versioningConfiguration"]["status"]
        before = call.old.inputs["versioningConfiguration"]["status"] if call.old else bucket.hidden.get("versioning")
        if before in {"Enabled", "Suspended"} and status == "Disabled":
            raise refused(
                400, "InvalidArgument", "versioning_configuration.status cannot be updated from "
                f"{before!r} to 'Disabled'", self.operation(call),
            )  # fmt: skip
        if bucket.inputs.get("objectLockEnabled") and status != "Enabled":
            raise refused(
                409, "InvalidBucketState",
                "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
                self.operation(call),
            )  # fmt: skip


class BucketEncryption(BucketSetting):
    """Encryption of new objects."""

    token = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"  # noqa: S105 - a type token

    def refuse_setting(self, call: Call, bucket: Record) -> None:
        """A key goes with KMS only, and lies in the bucket's region."""
        for rule in call.inputs["rules"]:
            chosen = record(rule.get("applyServerSideEncryptionByDefault"))
            key = chosen.get("kmsMasterKeyId")
            if not key:
                continue
            if not str(chosen["sseAlgorithm"]).startswith("aws:kms"):
                raise refused(
                    400, "InvalidArgument", "a KMS key is only allowed with an aws:kms algorithm", self.operation(call)
                )
            refuse_key(key, bucket.region, self.operation(call))


class BucketOwnershipControls(BucketSetting):
    """Who owns uploaded objects."""

    token = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"  # noqa: S105 - a type token


class BucketLifecycle(BucketSetting):
    """Rules that delete or move objects by age."""

    token = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"  # noqa: S105 - a type token

    def refuse_setting(self, call: Call, bucket: Record) -> None:
        """Unique ids, at least one action, consistent ages."""
        del bucket
        rules: list[Json] = call.get("rules", [])
        ids = [rule["id"] for rule in rules]
        problem = "Rule ID must be unique. Found same ID for more than one rule" if len(ids) != len(set(ids)) else None
        for rule in rules:
            problem = problem or _lifecycle_problem(rule)
        if problem is not None:
            raise refused(400, "InvalidRequest", problem, self.operation(call))

    def outputs(self, call: Call, id_: str) -> Json:
        """What was left out."""
        filled = {"transitionDefaultMinimumObjectSize": "all_storage_classes_128K", "expectedBucketOwner": ""}
        return super().outputs(call, id_) | {name: value for name, value in filled.items() if name not in call.inputs}


class BucketLogging(BucketSetting):
    """Access logs, into another bucket of the same region."""

    token = "aws:s3/bucketLogging:BucketLogging"  # noqa: S105 - a type token

    def refuse_setting(self, call: Call, bucket: Record) -> None:
        """The target exists, in the same region and account."""
        if call.visible(BUCKET, call.inputs["targetBucket"]) is None:
            raise refused(
                400, "InvalidTargetBucketForLogging",
                f"The target bucket for logging does not exist in {bucket.region}", self.operation(call),
            )  # fmt: skip


class BucketObjectLock(BucketSetting):
    """Objects that cannot be deleted for a time."""

    token = OBJECT_LOCK

    def refuse_setting(self, call: Call, bucket: Record) -> None:
        """Versions must be kept, and a rule has a mode and one period."""
        versions = call.visible(VERSIONING, bucket.id)
        kept = versions is not None and versions.inputs["versioningConfiguration"]["status"] == "Enabled"
        if not kept and not bucket.inputs.get("objectLockEnabled"):
            raise refused(
                409, "InvalidBucketState",
                "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
                self.operation(call),
            )  # fmt: skip
        rule = record(record(call.get("rule")).get("defaultRetention"))
        if rule and (rule.get("mode") is None or (rule.get("days") is None) == (rule.get("years") is None)):
            raise refused(
                400, "MalformedXML", "a default retention has a mode, and days or years", self.operation(call)
            )


class BucketReplication(BucketSetting):
    """Copies into other buckets."""

    token = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"  # noqa: S105 - a type token

    def refuse_setting(self, call: Call, bucket: Record) -> None:
        """Both ends keep versions; the destinations exist."""
        ends = [bucket]
        for rule in call.inputs["rules"]:
            target = bucket_by_arn(call, rule["destination"]["bucket"])
            if target is None:
                raise refused(400, "InvalidRequest", "Destination bucket must exist.", self.operation(call))
            ends.append(target)
        for end in ends:
            versions = call.clouds.find(cloud="aws", account=end.account, region=end.region, type=VERSIONING, id=end.id)
            if versions is None or versions.inputs["versioningConfiguration"]["status"] != "Enabled":
                raise refused(
                    400, "InvalidRequest",
                    f"Versioning must be 'Enabled' on the bucket to apply a replication configuration ({end.id})",
                    self.operation(call),
                )  # fmt: skip


class BucketNotification(BucketSetting):
    """Where events of a bucket go."""

    token = "aws:s3/bucketNotification:BucketNotification"  # noqa: S105 - a type token


class Inventory(BucketSetting):
    """Lists of a bucket's objects, written into a bucket of the same region."""

    token = "aws:s3/inventory:Inventory"  # noqa: S105 - a type token

    def identify(self, call: Call) -> str:
        """Bucket and name."""
        return f"{call.inputs['bucket']}:{call.inputs['name']}"

    def operation(self, call: Call) -> str:
        """The API's own name."""
        del call
        return "PutBucketInventoryConfiguration"

    def refuse_setting(self, call: Call, bucket: Record) -> None:
        """The destination exists, in the source's region, with a key of that region."""
        destination = call.inputs["destination"]["bucket"]
        target = bucket_by_arn(call, destination["bucketArn"])
        if target is None or target.status != ACTIVE or target.region != bucket.region:
            place = "does not exist" if target is None else f"is in {target.region}"
            raise refused(
                400, "InvalidS3DestinationBucket",
                f"The destination bucket {destination['bucketArn']} {place}; it must be in {bucket.region}",
                self.operation(call),
            )  # fmt: skip
        key = record(record(destination.get("encryption")).get("sseKms")).get("keyId")
        if key:
            refuse_key(key, bucket.region, self.operation(call))


def refuse_key(text: str, region: str, operation: str) -> None:
    """A key that is none, or lies in another region.

    Raises:
        CloudError: so.
    """
    try:
        where = key_region(text)
    except DocumentError as error:
        raise refused(400, "InvalidArgument", f"The key ARN is not valid: {error}", operation) from error
    if where is not None and where != region:
        raise refused(400, "InvalidArgument", f"The key {text} is not in the bucket's region {region}", operation)


def _lifecycle_problem(rule: Json) -> str | None:
    actions = (
        "abortIncompleteMultipartUpload", "expiration", "noncurrentVersionExpiration",
        "noncurrentVersionTransitions", "transitions",
    )  # fmt: skip
    if not any(rule.get(action) for action in actions):
        return f"At least one action needs to be specified in a rule ({rule['id']})"
    for transition in rule.get("transitions") or ():
        if (transition.get("days") is None) == (transition.get("date") is None):
            return f"A transition takes either days or a date ({rule['id']})"
    expiration = record(rule.get("expiration"))
    if (
        expiration
        and sum(expiration.get(key) is not None for key in ("date", "days", "expiredObjectDeleteMarker")) != 1
    ):
        return f"An expiration takes exactly one of date, days and expiredObjectDeleteMarker ({rule['id']})"
    days = expiration.get("days")
    if days is not None and days < 1:
        return f"'Days' for Expiration action must be a positive integer ({rule['id']})"
    return None


def _refuse_foreign(bucket: str, statements: tuple[Statement, ...]) -> None:
    for statement in statements:
        for action in statement.actions:
            if action != "*" and not action.startswith("s3:"):
                raise DocumentError(f"Policy has invalid action: {action}")
        if not statement.resources or not all(_about(bucket, text) for text in statement.resources):
            raise DocumentError(f"Policy has invalid resource: {', '.join(statement.resources) or 'none'}")


def _about(bucket: str, resource: str) -> bool:
    return resource == f"arn:aws:s3:::{bucket}" or resource.startswith(f"arn:aws:s3:::{bucket}/")


def _is_address(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True


_SETTINGS: tuple[BucketSetting, ...] = (
    BucketPolicy(), BucketPublicAccessBlock(), BucketVersioning(), BucketEncryption(), BucketOwnershipControls(),
    BucketLifecycle(), BucketLogging(), BucketObjectLock(), BucketReplication(), BucketNotification(), Inventory(),
)  # fmt: skip
SETTINGS: Final = frozenset(setting.token for setting in _SETTINGS)
MODELS: tuple[Model, ...] = (Bucket(), *_SETTINGS)
