"""Simulated AWS: accounts, regions, and the words of its provider.

An account is the one that `allowedAccountIds` names: there are no credentials here that could tell.
"""

import hashlib
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

from infra.facts import TypeFacts
from infra.sandbox.aws import datasync, events, iam, kms, monitoring, organizations, s3, trails
from infra.sandbox.aws.base import AwsModel, refused
from infra.sandbox.aws.regions import arn, refuse_region, unique_id
from infra.sandbox.cloud import Cloud
from infra.sandbox.errors import CloudError
from infra.sandbox.model import Call, Operation, Place, Reference
from infra.sandbox.store import Record
from infra.sandbox.values import UNKNOWN, Json, is_array


class _Generic(AwsModel):
    service = ""

    def identify(self, call: Call) -> str:
        """The type's physical name where it has one, else something like it."""
        name = call.inputs.get(call.facts.autoname.property) if call.facts.autoname else call.inputs.get("name")
        return str(name) if name else unique_id(call.place.account, call.urn, call.clouds.generation(call.urn))

    def outputs(self, call: Call, id_: str) -> Json:
        """An ARN where the type has one."""
        service = call.token.split(":")[1].partition("/")[0]
        filled = super().outputs(call, id_)
        if "arn" in call.facts.outputs_only:
            filled["arn"] = arn(service, call.place.region, call.place.account, id_)
        return filled


class Aws(Cloud):
    """The provider `aws` of pulumi_aws."""

    name = "aws"
    version = "7.51.1"
    replacing_settings = frozenset({"region"})

    def __init__(self) -> None:
        modules = (s3, kms, iam, datasync, monitoring, events, trails, organizations)
        super().__init__(tuple(chain.from_iterable(module.MODELS for module in modules)), _Generic())

    def setting_problems(self, settings: Json) -> Iterator[tuple[str, str]]:
        """A region, and exactly one account."""
        if not settings.get("region"):
            yield "region", "Missing region configuration: set `region` on the provider"
        accounts = settings.get("allowedAccountIds")
        if accounts is not UNKNOWN and _account(settings) is None:
            reason = (
                "No valid credential sources found. In the simulated cloud the provider must name exactly one account, "
                f"as 12 digits, in `allowedAccountIds`; got {accounts}"
            )
            yield "allowedAccountIds", reason

    def place(self, settings: Json) -> Place:
        """Account and region of the provider."""
        account = _account(settings)
        if account is None or not settings.get("region"):
            raise CloudError(
                400, "BadConfiguration", "the provider is not configured: region and one account are needed"
            )
        return Place(cloud="aws", account=account, region=settings["region"], settings=settings)

    def complete(self, place: Place, known: TypeFacts, inputs: Json) -> Json:
        """The provider writes its own region into resources that leave theirs out."""
        if "region" in known.inputs and inputs.get("region") is None:
            return inputs | {"region": place.region}
        return inputs

    def identity(self, place: Place, id_: str) -> tuple[Place, str]:
        """An import may say `id@region`."""
        match = re.fullmatch(r"(.+)@([a-z]{2}(?:-[a-z]+)+-\d)", id_)
        if match is None:
            return place, id_
        return Place(cloud=place.cloud, account=place.account, region=match[2], settings=place.settings), match[1]

    def refuse(self, call: Call) -> None:
        """The region exists, and no control policy denies the call."""
        if not self.model(call.token).account_wide:
            refuse_region(call.place.region, _service(call.token))
        organizations.refuse_controlled(call)

    def missing(self, call: Call, reference: Reference, value: str) -> CloudError:
        """The service's word for something that is not there."""
        what = reference.to[0].rpartition(":")[2]
        if _service(call.token) == "iam":
            return CloudError(404, "NoSuchEntity", f"The {what.lower()} with name {value} cannot be found.")
        if _service(call.token) == "datasync":
            message = f"Location {value} does not exist in {call.place.region}"
            return refused(400, "InvalidRequestException", message, f"Create{call.token.rpartition(':')[2]}")
        return CloudError(404, "NotFoundException", f"{what} '{value}' does not exist in {call.place.region}")

    def duplicate(self, call: Call, name: str, holder: Record) -> CloudError:
        """A name that is taken."""
        del holder
        what = call.token.rpartition(":")[2]
        if _service(call.token) == "iam":
            return refused(409, "EntityAlreadyExists", f"{what} with name {name} already exists.", f"Create{what}")
        return refused(400, "AlreadyExistsException", f"{what} {name} already exists", f"Create{what}")

    def held(self, call: Call, record: Record, holders: list[Record]) -> CloudError:
        """A resource that others still need."""
        names = ", ".join(holder.id for holder in holders)
        if _service(call.token) == "datasync":
            return refused(400, "InvalidRequestException", f"{record.id} is in use by {names}", "DeleteLocation")
        return CloudError(
            409, "DeleteConflict", f"Cannot delete entity {record.id}, must delete what belongs to it first: {names}"
        )

    def invalid(self, problems: list[tuple[str, str]]) -> CloudError:
        """Values outside what the API takes, all at once."""
        return CloudError(400, "ValidationException", "; ".join(f"{path}: {reason}" for path, reason in problems))

    def gone(self, call: Call, id_: str) -> CloudError:
        """The resource to change is not here."""
        return CloudError(404, "NotFoundException", f"{id_} does not exist in {call.place.region}")

    def word_error(self, error: CloudError, *, operation: Operation, token: str, place: Place, subject: str) -> str:
        """As the provider words a service error."""
        doing = {Operation.CREATE: "creating", Operation.UPDATE: "updating", Operation.DELETE: "deleting"}
        what, service = token.rpartition(":")[2], _service(token).upper()
        name = error.operation or f"{operation.capitalize()}{what}"
        request = unique_id(token, subject, operation, error.code)
        host = hashlib.sha256(request.encode()).hexdigest()[:16].upper()
        return (
            f"{doing.get(operation, 'reading')} {service} {what} ({subject}) in {place.region}: "
            f"operation error {service}: {name}, https response error StatusCode: {error.status}, "
            f"RequestID: {request}, HostID: {host}, "
            f"{error.code}: {error.message}"
        )


def _account(settings: Json) -> str | None:
    accounts: Any = settings.get("allowedAccountIds")
    if is_array(accounts) and len(accounts) == 1 and re.fullmatch(r"\d{12}", str(accounts[0])):
        return str(accounts[0])
    return None


def _service(token: str) -> str:
    return token.split(":")[1].partition("/")[0]
