"""Users, their groups, and the keys with which they reach Object Storage's S3-compatible endpoint.

A simulated key opens nothing, so its secret is made up from its URN and kept as it is.
"""

import base64
import hashlib
from typing import ClassVar

from infra.sandbox.errors import CloudError
from infra.sandbox.model import Call, Model, Reference
from infra.sandbox.oci.base import HomeModel, conflict, tenancy_records
from infra.sandbox.oci.identity import GROUP
from infra.sandbox.store import Record
from infra.sandbox.values import Json

USER = "oci:Identity/user:User"
MEMBERSHIP = "oci:Identity/userGroupMembership:UserGroupMembership"
SECRET_KEY = "oci:Identity/customerSecretKey:CustomerSecretKey"  # noqa: S105 - a type token

_MOST_KEYS = 2
_CAPABILITIES = (
    "canUseApiKeys",
    "canUseAuthTokens",
    "canUseConsolePassword",
    "canUseCustomerSecretKeys",
    "canUseDbCredentials",
    "canUseOauth2clientCredentials",
    "canUseSmtpCredentials",
)


class User(HomeModel):
    """A user of the tenancy's default domain."""

    token = USER
    kind = "user"
    named_by = "name"

    def outputs(self, call: Call, id_: str) -> Json:
        """Users belong to the tenancy itself, and may do everything until somebody says otherwise."""
        filled: Json = {
            "capabilities": [dict.fromkeys(_CAPABILITIES, True)],
            "compartmentId": call.place.account,
            "dbUserName": "",
            "email": "",
            "emailVerified": False,
            "externalIdentifier": "",
            "identityProviderId": "",
            "lastSuccessfulLoginTime": "",
            "previousSuccessfulLoginTime": "",
        }
        return super().outputs(call, id_) | {name: value for name, value in filled.items() if name not in call.inputs}

    def delete(self, call: Call, record: Record) -> None:
        """Keys go along; memberships hold the user in place."""
        for key in _keys_of(call, record.id):
            call.clouds.remove(key)
        super().delete(call, record)


class Membership(HomeModel):
    """A user in a group."""

    token = MEMBERSHIP
    kind = "groupmembership"
    references: ClassVar = (Reference(path="userId", to=(USER,)), Reference(path="groupId", to=(GROUP,)))

    def refuse(self, call: Call) -> None:
        """Once for a pair."""
        pair = call.inputs["userId"], call.inputs["groupId"]
        for other in tenancy_records(call, MEMBERSHIP):
            if (other.inputs["userId"], other.inputs["groupId"]) == pair:
                raise conflict(f"User {pair[0]} is in group {pair[1]} already")

    def outputs(self, call: Call, id_: str) -> Json:
        """Of the tenancy itself."""
        filled = {} if "compartmentId" in call.inputs else {"compartmentId": call.place.account}
        return super().outputs(call, id_) | filled


class CustomerSecretKey(HomeModel):
    """An access key, which is its id, and a secret."""

    token = SECRET_KEY
    kind = "credential"
    references: ClassVar = (Reference(path="userId", to=(USER,), holds=False),)

    def identify(self, call: Call) -> str:
        """40 hexadecimal digits."""
        return hashlib.sha1(super().identify(call).encode(), usedforsecurity=False).hexdigest()

    def refuse(self, call: Call) -> None:
        """Two for a user."""
        if call.is_new and len(_keys_of(call, call.inputs["userId"])) >= _MOST_KEYS:
            raise CloudError(400, "LimitExceeded", f"User {call.inputs['userId']} has {_MOST_KEYS} secret keys already")

    def outputs(self, call: Call, id_: str) -> Json:
        """The secret, and that it never expires."""
        secret = base64.b64encode(hashlib.sha256(id_.encode()).digest()).decode()
        return super().outputs(call, id_) | {"key": secret, "timeExpires": ""}


def _keys_of(call: Call, user: str) -> list[Record]:
    return [key for key in tenancy_records(call, SECRET_KEY) if key.inputs["userId"] == user]


MODELS: tuple[Model, ...] = (User(), Membership(), CustomerSecretKey())
