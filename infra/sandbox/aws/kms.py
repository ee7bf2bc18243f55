"""KMS: keys, their policies and aliases. Destroying a key schedules its deletion."""

import json
from datetime import timedelta
from typing import ClassVar, Final

from infra.sandbox.aws.base import AwsModel, refused
from infra.sandbox.aws.documents import DocumentError, Statement, parse, refuse_strangers
from infra.sandbox.aws.regions import arn, unique_id
from infra.sandbox.model import Call, Model, Reference, schedule_deletion
from infra.sandbox.store import Record
from infra.sandbox.values import Json

KEY: Final = "aws:kms/key:Key"
ALIAS: Final = "aws:kms/alias:Alias"

_DEFAULT_WINDOW = 30


class Key(AwsModel):
    """A key."""

    token = KEY
    service = "KMS"

    def identify(self, call: Call) -> str:
        """A UUID; keys of several regions say so."""
        prefix = "mrk-" if call.get("multiRegion") else ""
        text = unique_id(call.place.account, call.place.region, call.urn, call.clouds.generation(call.urn))
        return prefix + (text.replace("-", "") if prefix else text)

    def refuse(self, call: Call) -> None:
        """A policy that parses and does not lock everyone out; usage that fits the kind of key."""
        text = call.get("policy")
        if text is not None:
            refuse_policy(call, text, safe=not call.get("bypassPolicyLockoutSafetyCheck"), operation="PutKeyPolicy")
        spec, usage = call.get("customerMasterKeySpec", "SYMMETRIC_DEFAULT"), call.get("keyUsage", "ENCRYPT_DECRYPT")
        if spec == "SYMMETRIC_DEFAULT" and usage != "ENCRYPT_DECRYPT":
            raise refused(
                400, "ValidationException", f"KeyUsage {usage} is not compatible with KeySpec {spec}", "CreateKey"
            )
        if spec != "SYMMETRIC_DEFAULT" and call.get("enableKeyRotation"):
            raise refused(
                400, "UnsupportedOperationException", f"Rotation is not supported for {spec}", "EnableKeyRotation"
            )

    def outputs(self, call: Call, id_: str) -> Json:
        """ARN, and what was left out."""
        account, region = call.place.account, call.place.region
        filled: Json = {
            "arn": arn("kms", region, account, f"key/{id_}"),
            "keyId": id_,
            "description": "",
            "multiRegion": False,
            "policy": default_policy(account),
            "rotationPeriodInDays": 365 if call.get("enableKeyRotation") else 0,
        }
        return super().outputs(call, id_) | {name: value for name, value in filled.items() if name not in call.inputs}

    def delete(self, call: Call, record: Record) -> None:
        """Schedule the deletion, 7 to 30 days from now."""
        days = record.inputs.get("deletionWindowInDays") or _DEFAULT_WINDOW
        schedule_deletion(call, record, deletionDate=(call.clouds.now() + timedelta(days=days)).isoformat())


class KeyPolicy(AwsModel):
    """A key's policy, apart from the key. Destroying it brings the default policy back."""

    token = "aws:kms/keyPolicy:KeyPolicy"  # noqa: S105 - a type token
    service = "KMS"
    references: ClassVar = (Reference(path="keyId", to=(KEY,), holds=False),)

    def identify(self, call: Call) -> str:
        """The key's id."""
        return str(call.inputs["keyId"])

    def refuse(self, call: Call) -> None:
        """The same rules as for the key's own policy."""
        safe = not call.get("bypassPolicyLockoutSafetyCheck")
        refuse_policy(call, call.inputs["policy"], safe=safe, operation="PutKeyPolicy")


class Alias(AwsModel):
    """A name for a key, unique in its region."""

    token = ALIAS
    service = "KMS"
    named_by = "name"
    volatile = frozenset({"targetKeyArn", "tagsAll"})

    def identify(self, call: Call) -> str:
        """The name itself."""
        return str(call.inputs["name"])

    def refuse(self, call: Call) -> None:
        """The key exists in this region."""
        _target(call)

    def outputs(self, call: Call, id_: str) -> Json:
        """ARNs."""
        target = _target(call)
        mine = arn("kms", call.place.region, call.place.account, id_)
        return super().outputs(call, id_) | {"arn": mine, "targetKeyArn": target.outputs["arn"]}


def _target(call: Call) -> Record:
    wanted = str(call.inputs["targetKeyId"])
    found = call.visible(KEY, wanted.rpartition("key/")[2])
    if found is None or wanted not in {found.id, found.outputs["arn"]}:
        raise refused(404, "NotFoundException", f"Key '{wanted}' does not exist in {call.place.region}", "CreateAlias")
    return found


def default_policy(account: str) -> str:
    """What a key's policy is when none is given: the account decides through IAM."""
    statement = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Id": "key-default-1", "Statement": [statement]}, sort_keys=True)


def refuse_policy(call: Call, text: str, *, safe: bool, operation: str) -> None:
    """A key policy must parse, name principals that exist, and leave someone who can change it.

    Raises:
        CloudError: it does not.
    """
    try:
        statements = parse(text, with_principals=True)
        refuse_strangers(call, statements)
    except DocumentError as error:
        raise refused(400, "MalformedPolicyDocumentException", str(error), operation) from error
    if safe and not any(_can_change(statement) for statement in statements):
        raise refused(
            400, "MalformedPolicyDocumentException",
            "The new key policy will not allow you to update the key policy in the future.", operation,
        )  # fmt: skip


def _can_change(statement: Statement) -> bool:
    return statement.effect == "Allow" and any(
        action in {"*", "kms:*", "kms:Put*", "kms:PutKeyPolicy"} for action in statement.actions
    )


MODELS: tuple[Model, ...] = (Key(), KeyPolicy(), Alias())
