"""DataSync: locations, and the tasks that copy from one to another. Nothing is copied: there is no data plane.

Agents are appliances that somebody set up: one that no stack made is taken to exist if its ARN is of this account and
region. Whether a role's policies suffice is not looked at, only whether the service may take the role on.
"""

import hashlib
import re
from typing import ClassVar, Final

from infra.sandbox.aws.base import AwsModel, anywhere, refused
from infra.sandbox.aws.documents import ROLE, parse
from infra.sandbox.aws.regions import arn
from infra.sandbox.aws.s3 import BUCKET
from infra.sandbox.errors import CloudError
from infra.sandbox.model import Call, Model, Reference, matches
from infra.sandbox.store import ACTIVE
from infra.sandbox.values import Json, record

OBJECT_STORAGE: Final = "aws:datasync/locationObjectStorage:LocationObjectStorage"
S3: Final = "aws:datasync/s3Location:S3Location"
TASK: Final = "aws:datasync/task:Task"

_SERVICE = "datasync.amazonaws.com"
_HOST = r"([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
_BUCKET = r"[A-Za-z0-9_\-+./()$]{3,63}"
_RATE = r"rate\(([1-9]\d* hours|1 hour|[1-9]\d* days|1 day)\)"
_CRON = r"cron\((\S+ ){5}\S+\)"


class _DataSync(AwsModel):
    service = "DataSync"
    kind: ClassVar[str]
    """How the resource is called in its ARN: `task/task-…`."""

    def identify(self, call: Call) -> str:
        """An ARN that depends on the resource's URN and how often it was created before."""
        parts = "\x00".join((call.place.account, call.urn, str(call.clouds.generation(call.urn))))
        number = hashlib.sha256(parts.encode()).hexdigest()[:17]
        return arn("datasync", call.place.region, call.place.account, f"{self.kind}{number}")

    def outputs(self, call: Call, id_: str) -> Json:
        """The ARN is the id."""
        return super().outputs(call, id_) | {"arn": id_}


class _Location(_DataSync):
    kind = "location/loc-"

    def refuse_agents(self, call: Call) -> None:
        """Agents are this account's, in this region."""
        wanted = arn("datasync", call.place.region, call.place.account, "agent/agent-")
        for agent in call.get("agentArns", []):
            if not matches(rf"{re.escape(wanted)}[0-9a-f]{{17}}", agent):
                raise _invalid(f"Agent {agent} is not one of {wanted}…", call)


class LocationObjectStorage(_Location):
    """A bucket behind an S3-compatible endpoint somewhere else."""

    token = OBJECT_STORAGE

    def refuse(self, call: Call) -> None:
        """A host name, a bucket, keys that come together, agents of this place."""
        if not matches(_HOST, call.inputs["serverHostname"]):
            raise _invalid(f"serverHostname: {call.inputs['serverHostname']!r} is no host name", call)
        if not matches(_BUCKET, call.inputs["bucketName"]):
            raise _invalid(f"bucketName: {call.inputs['bucketName']!r} is no bucket's name", call)
        if (call.get("accessKey") is None) != (call.get("secretKey") is None):
            raise _invalid("accessKey and secretKey go together", call)
        self.refuse_agents(call)

    def outputs(self, call: Call, id_: str) -> Json:
        """Its address. The secret key is not given back."""
        folder = call.get("subdirectory", "/")
        uri = f"object-storage://{call.inputs['serverHostname']}/{call.inputs['bucketName']}/{folder.strip('/')}"
        filled = {} if "subdirectory" in call.inputs else {"subdirectory": "/"}
        return super().outputs(call, id_) | filled | {"uri": f"{uri.rstrip('/')}/"}

    volatile = _Location.volatile | {"uri"}


class S3Location(_Location):
    """A bucket of S3, and the role with which the service gets at it."""

    token = S3

    def refuse(self, call: Call) -> None:
        """The bucket exists and the service may take on the role."""
        refuse_role(call, record(call.inputs["s3Config"])["bucketAccessRoleArn"])
        refuse_bucket(call, call.inputs["s3BucketArn"])
        self.refuse_agents(call)

    def outputs(self, call: Call, id_: str) -> Json:
        """Its address."""
        name, folder = call.inputs["s3BucketArn"].rpartition(":")[2], call.inputs["subdirectory"].strip("/")
        filled = {} if "s3StorageClass" in call.inputs else {"s3StorageClass": "STANDARD"}
        return super().outputs(call, id_) | filled | {"uri": f"s3://{name}/{folder}/" if folder else f"s3://{name}/"}


class Task(_DataSync):
    """What is copied from where to where, when, and how it is checked."""

    token = TASK
    kind = "task/task-"
    references: ClassVar = (
        Reference(path="sourceLocationArn", to=(OBJECT_STORAGE, S3)),
        Reference(path="destinationLocationArn", to=(OBJECT_STORAGE, S3)),
    )

    def refuse(self, call: Call) -> None:
        """Two locations, agents where the mode needs them, a schedule of an hour at least, a report that can be put."""
        source, destination = call.inputs["sourceLocationArn"], call.inputs["destinationLocationArn"]
        if source == destination:
            raise _invalid("The source and destination locations are the same", call)
        enhanced = call.get("taskMode", "BASIC") == "ENHANCED"
        for location in (source, destination):
            found = call.visible(OBJECT_STORAGE, location)
            if found is not None and not enhanced and not found.inputs.get("agentArns"):
                raise _invalid(f"Location {location} has no agent, which a task in basic mode needs", call)
        if enhanced and record(call.get("options")).get("verifyMode") == "POINT_IN_TIME_CONSISTENT":
            raise _invalid("options.verifyMode: POINT_IN_TIME_CONSISTENT is for basic mode only", call)
        when = record(call.get("schedule")).get("scheduleExpression")
        if when is not None and not matches(f"{_RATE}|{_CRON}", when):
            raise _invalid(f"schedule: {when!r} is neither rate(… hours) nor cron(…)", call)
        report = record(record(call.get("taskReportConfig")).get("s3Destination"))
        if report:
            refuse_role(call, report["bucketAccessRoleArn"])
            refuse_bucket(call, report["s3BucketArn"])

    def outputs(self, call: Call, id_: str) -> Json:
        """Basic mode unless asked otherwise."""
        return super().outputs(call, id_) | ({} if "taskMode" in call.inputs else {"taskMode": "BASIC"})


def refuse_role(call: Call, role: str) -> None:
    """A role of this account that the service may take on.

    Raises:
        CloudError: there is none, or its trust policy does not name the service.
    """
    match = re.fullmatch(r"arn:aws:iam::(\d{12}):role/(?:.*/)?([^/]+)", role)
    if match is None or match[1] != call.place.account:
        raise _invalid(f"{role} is no role of account {call.place.account}", call)
    found = call.clouds.find(cloud="aws", account=call.place.account, type=ROLE, id=match[2])
    if found is None or found.status != ACTIVE:
        raise _invalid(f"Role {role} does not exist", call)
    for statement in parse(found.inputs["assumeRolePolicy"], with_principals=True):
        if statement.effect == "Allow" and {("Service", _SERVICE), ("*", "*")} & set(statement.principals):
            return
    raise _invalid(f"Unable to assume role. Reason: the trust policy of {role} does not name {_SERVICE}", call)


def refuse_bucket(call: Call, bucket: str) -> None:
    """A bucket that exists.

    Raises:
        CloudError: it does not.
    """
    name = bucket.removeprefix(arn("s3", "", "", ""))
    if anywhere(call, BUCKET, name) is None:
        raise _invalid(f"DataSync location access test failed: could not perform s3:GetBucketLocation in {name}", call)


def _invalid(message: str, call: Call) -> CloudError:
    verb = "Create" if call.is_new else "Update"
    return refused(400, "InvalidRequestException", message, f"{verb}{call.token.rpartition(':')[2]}")


MODELS: tuple[Model, ...] = (LocationObjectStorage(), S3Location(), Task())
