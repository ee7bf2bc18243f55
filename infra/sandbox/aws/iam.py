"""IAM: roles, their policies, and whose tokens roles may believe. They belong to an account, not to a region."""

import hashlib
from typing import ClassVar, Final

from infra.sandbox.aws.base import AwsModel, as_list, refused
from infra.sandbox.aws.documents import ROLE, DocumentError, parse, refuse_strangers
from infra.sandbox.aws.regions import arn, letters_id
from infra.sandbox.model import Call, Model, Reference
from infra.sandbox.values import Json

ROLE_POLICY: Final = "aws:iam/rolePolicy:RolePolicy"
POLICY: Final = "aws:iam/policy:Policy"
OIDC_PROVIDER: Final = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
ATTACHMENT: Final = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"


class _Iam(AwsModel):
    service = "IAM"
    account_wide = True


class Role(_Iam):
    """A role."""

    token = ROLE
    named_by = "name"

    def identify(self, call: Call) -> str:
        """The name itself."""
        return str(call.inputs["name"])

    def refuse(self, call: Call) -> None:
        """Who may assume it."""
        try:
            statements = parse(call.inputs["assumeRolePolicy"], with_principals=True)
            refuse_strangers(call, statements)
        except DocumentError as error:
            raise refused(400, "MalformedPolicyDocument", str(error), "CreateRole") from error
        for statement in statements:
            if statement.resources:
                raise refused(400, "MalformedPolicyDocument", "Has prohibited field Resource", "CreateRole")
            if not all(action == "*" or action.startswith("sts:") for action in statement.actions):
                message = "AssumeRole policy may only specify STS AssumeRole actions."
                raise refused(400, "MalformedPolicyDocument", message, "CreateRole")

    def outputs(self, call: Call, id_: str) -> Json:
        """ARN with the path, unique id, and what was left out."""
        filled: Json = {
            "arn": arn("iam", "", call.place.account, f"role{call.get('path', '/')}{id_}"),
            "createDate": call.timestamp().replace(".000", ""),
            "uniqueId": letters_id("AROA", call.place.account, call.urn, call.clouds.generation(call.urn)),
            "managedPolicyArns": [],
            "inlinePolicies": [],
        }
        return super().outputs(call, id_) | {name: value for name, value in filled.items() if name not in call.inputs}


class RolePolicy(_Iam):
    """A policy inside a role."""

    token = ROLE_POLICY
    references: ClassVar = (Reference(path="role", to=(ROLE,)),)

    def identify(self, call: Call) -> str:
        """Role and name."""
        return f"{call.inputs['role']}:{call.inputs['name']}"

    def refuse(self, call: Call) -> None:
        """A document that parses."""
        refuse_document(call, "PutRolePolicy")


class ManagedPolicy(_Iam):
    """A policy of its own."""

    token = POLICY
    named_by = "name"

    def identify(self, call: Call) -> str:
        """The ARN."""
        return arn("iam", "", call.place.account, f"policy{call.get('path', '/')}{call.inputs['name']}")

    def refuse(self, call: Call) -> None:
        """A document that parses."""
        refuse_document(call, "CreatePolicy")

    def outputs(self, call: Call, id_: str) -> Json:
        """ARN and ids."""
        number = letters_id("ANPA", call.place.account, call.urn, call.clouds.generation(call.urn))
        return super().outputs(call, id_) | {"arn": id_, "policyId": number, "attachmentCount": 0}


class RolePolicyAttachment(_Iam):
    """A policy lent to a role. Policies that AWS keeps need not be created."""

    token = ATTACHMENT
    references: ClassVar = (Reference(path="role", to=(ROLE,)),)

    def identify(self, call: Call) -> str:
        """Role and policy."""
        return f"{call.inputs['role']}/{call.inputs['policyArn']}"

    def refuse(self, call: Call) -> None:
        """The policy exists."""
        wanted = str(call.inputs["policyArn"])
        if not wanted.startswith("arn:aws:iam::aws:policy/") and call.visible(POLICY, wanted) is None:
            raise refused(
                404, "NoSuchEntity", f"Policy {wanted} does not exist or is not attachable.", "AttachRolePolicy"
            )


class OpenIdConnectProvider(_Iam):
    """An issuer of identity tokens that an account believes; one for each address."""

    token = OIDC_PROVIDER

    def identify(self, call: Call) -> str:
        """The ARN, which is made of the address."""
        return arn("iam", "", call.place.account, f"oidc-provider/{str(call.inputs['url']).removeprefix('https://')}")

    def refuse(self, call: Call) -> None:
        """A second time, an address with more in it, and audiences of which there is none or too many."""
        url, audiences = str(call.inputs["url"]), as_list(call.inputs.get("clientIdLists"))
        if call.is_new and call.visible(OIDC_PROVIDER, self.identify(call)) is not None:
            message = f"Provider with url {url} already exists."
            raise refused(409, "EntityAlreadyExists", message, "CreateOpenIDConnectProvider")
        if "?" in url or "#" in url:
            raise refused(400, "ValidationError", "Invalid Open ID Connect Provider URL", "CreateOpenIDConnectProvider")
        if not 1 <= len(audiences) <= _MOST_AUDIENCES:
            message = f"Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {_MOST_AUDIENCES}"
            raise refused(409, "LimitExceeded", message, "CreateOpenIDConnectProvider")

    def outputs(self, call: Call, id_: str) -> Json:
        """ARN, and the thumbprint that IAM looks up where none is given."""
        digest = hashlib.sha1(str(call.inputs["url"]).encode(), usedforsecurity=False).hexdigest()
        thumbprints = call.inputs.get("thumbprintLists") or [digest]
        return super().outputs(call, id_) | {"arn": id_, "thumbprintLists": thumbprints}


_MOST_AUDIENCES: Final = 100


def refuse_document(call: Call, operation: str) -> None:
    """An identity's policy must parse, and names no principals.

    Raises:
        CloudError: it does not.
    """
    try:
        statements = parse(call.inputs["policy"], with_principals=False)
    except DocumentError as error:
        raise refused(400, "MalformedPolicyDocument", str(error), operation) from error
    if any(not statement.resources for statement in statements):
        raise refused(400, "MalformedPolicyDocument", "Policy statement must contain resources.", operation)


MODELS: tuple[Model, ...] = (Role(), RolePolicy(), ManagedPolicy(), RolePolicyAttachment(), OpenIdConnectProvider())
