"""What resource types of AWS share: tags, effective regions, settings of a bucket."""

from collections.abc import Iterable
from typing import Any, ClassVar

from infra.sandbox.errors import CloudError
from infra.sandbox.model import Call, Model, Place
from infra.sandbox.store import ACTIVE, Record
from infra.sandbox.values import Json, is_array, record


class AwsModel(Model):
    """A type of AWS. Its own `region` beats the provider's."""

    service: ClassVar[str]
    volatile = frozenset({"tagsAll"})

    def place(self, place: Place, properties: Json) -> Place:
        """The resource's region where it has one."""
        own = properties.get("region")
        if own is None or self.account_wide:
            return place
        return Place(cloud=place.cloud, account=place.account, region=own, settings=place.settings)

    def outputs(self, call: Call, id_: str) -> Json:
        """Tags with the provider's defaults, and defaults of the schema."""
        del id_
        filled: Json = {}
        if "tagsAll" in call.facts.outputs_only:
            defaults = record(record(call.place.settings.get("defaultTags")).get("tags"))
            filled["tagsAll"] = defaults | record(call.get("tags"))
        if "region" in call.facts.inputs and not self.account_wide:
            filled["region"] = call.place.region
        return {name: value for name, value in filled.items() if name not in call.inputs}


def refused(status: int, code: str, message: str, operation: str) -> CloudError:
    """A refusal by an API operation."""
    return CloudError(status, code, message, operation=operation)


def anywhere(call: Call, type_: str, id_: str) -> Record | None:
    """The live resource with this id in any account and region: for names that are global."""
    found = call.clouds.find(cloud="aws", type=type_, id=id_)
    return found if found is not None and found.status == ACTIVE else None


def acting(call: Call) -> list[str]:
    """ARNs of the roles that a provider acts as, however it came to them."""
    settings = call.place.settings
    roles = [*as_list(settings.get("assumeRoles")), settings.get("assumeRoleWithWebIdentity")]
    return texts(record(role).get("roleArn") for role in roles)


def as_list(value: Any) -> list[Any]:
    """IAM writes one value as itself and several as a list."""
    return value if is_array(value) else ([] if value is None else [value])


def texts(values: Iterable[Any]) -> list[str]:
    """Only the texts."""
    return [value for value in values if isinstance(value, str)]
