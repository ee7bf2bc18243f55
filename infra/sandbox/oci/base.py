"""What resource types of Oracle Cloud share: identifiers, compartments, tags, defaults."""

import re
from typing import ClassVar

from infra.sandbox.errors import CloudError
from infra.sandbox.model import Call, Model, require
from infra.sandbox.oci.regions import ocid
from infra.sandbox.store import ACTIVE, Record
from infra.sandbox.values import Json, record

COMPARTMENT = "oci:Identity/compartment:Compartment"
TAG_NAMESPACE = "oci:Identity/tagNamespace:TagNamespace"
TAG = "oci:Identity/tag:Tag"
TAG_DEFAULT = "oci:Identity/tagDefault:TagDefault"


class OciModel(Model):
    """A type whose id is an OCID."""

    kind: ClassVar[str]
    """The word for the type inside an OCID."""
    state: ClassVar[str | None] = "ACTIVE"
    default_name: ClassVar[str | None] = None
    """Prefix of the display name the service makes up; None where a name must be given."""

    def identify(self, call: Call) -> str:
        """An OCID made from the resource's URN and how often it was created before."""
        region = "" if self.account_wide else call.place.region
        return ocid(self.kind, region, call.place.account, call.urn, call.clouds.generation(call.urn))

    def outputs(self, call: Call, id_: str) -> Json:
        """Lifecycle state, creation time, empty tags and a made-up display name."""
        del id_
        filled: Json = {"timeCreated": call.timestamp(), "definedTags": {}, "freeformTags": {}}
        if self.state is not None:
            filled["state"] = self.state
        if self.default_name is not None:
            filled["displayName"] = self.default_name + call.clouds.now().strftime("%Y%m%d%H%M%S")
        known = call.facts.inputs.keys() | call.facts.outputs_only
        return {name: value for name, value in filled.items() if name in known and name not in call.inputs}


class HomeModel(OciModel):
    """A type that belongs to the tenancy: written in its home region only, seen in every region."""

    account_wide = True


def compartment(call: Call, id_: str) -> Record | None:
    """A live compartment of the call's tenancy."""
    return call.visible(COMPARTMENT, id_)


def not_found(what: str = "") -> CloudError:
    """The one answer for things that do not exist and things one may not see."""
    detail = f" ({what})" if what else ""
    return CloudError(404, "NotAuthorizedOrNotFound", f"Authorization failed or requested resource not found.{detail}")


def invalid(message: str) -> CloudError:
    """A value the API does not accept."""
    return CloudError(400, "InvalidParameter", message)


def conflict(message: str, code: str = "Conflict") -> CloudError:
    """A request that the present state does not allow."""
    return CloudError(409, code, message)


def refuse_compartment(call: Call) -> None:
    """The compartment an input names must exist in this tenancy."""
    id_ = call.get("compartmentId")
    if id_ is None or id_ == call.place.account:
        return
    if compartment(call, id_) is None:
        raise not_found(f"no compartment {id_} in this tenancy")


def refuse_defined_tags(call: Call) -> None:
    """Defined tags must name a tag key that exists and is not retired, with a value that it allows."""
    for key, value in sorted(record(call.get("definedTags")).items()):
        match = re.fullmatch(r"([^.]+)\.([^.]+)", key)
        require(match, 400, "InvalidParameter", f"InvalidDefinedTag: {key!r} is not of the form namespace.key")
        if match is None or match[1].lower() == "oracle-tags":
            continue
        namespace = _named(call, TAG_NAMESPACE, match[1])
        tag = next((t for t in _all(call, TAG) if _is(t, match[2]) and namespace is not None
                    and t.inputs.get("tagNamespaceId") == namespace.id), None)  # fmt: skip
        if namespace is None or tag is None:
            missing = f"tag namespace {match[1]}" if namespace is None else f"tag key {match[2]} in {match[1]}"
            raise CloudError(404, "RelatedResourceNotAuthorizedOrNotFound", f"{missing} does not exist")
        if namespace.inputs.get("isRetired") or tag.inputs.get("isRetired"):
            raise invalid(f"InvalidDefinedTag: {key} is retired")
        allowed = record(tag.inputs.get("validator")).get("values")
        if allowed is not None and value not in allowed:
            raise invalid(f"InvalidDefinedTagValue: {key} = {value!r} is none of {', '.join(sorted(allowed))}")


def refuse_missing_tags(call: Call) -> None:
    """What is new in a compartment, or in one inside it, must have the tags that the compartment requires."""
    if not call.is_new or "definedTags" not in call.facts.inputs:
        return
    around = set(compartments_around(call, str(call.get("compartmentId", call.place.account))))
    given = {key.lower() for key in record(call.get("definedTags"))}
    for default in _all(call, TAG_DEFAULT):
        if not default.inputs.get("isRequired") or default.inputs["compartmentId"] not in around:
            continue
        tag = call.visible(TAG, default.inputs["tagDefinitionId"])
        namespace = None if tag is None else call.visible(TAG_NAMESPACE, tag.inputs["tagNamespaceId"])
        if tag is None or namespace is None:
            continue
        name = f"{namespace.inputs['name']}.{tag.inputs['name']}"
        if name.lower() not in given:
            raise invalid(f"MissingRequiredTag: {name} is required in this compartment")


def compartments_around(call: Call, id_: str) -> list[str]:
    """A compartment and all those around it, from the inside out, the root last."""
    parents = {c.id: parent(c) for c in _all(call, COMPARTMENT)}
    chain = [id_]
    while chain[-1] in parents and parents[chain[-1]] not in chain:
        chain.append(parents[chain[-1]])
    return [*chain, call.place.account]


def parent(compartment: Record) -> str:
    """The compartment that holds a compartment."""
    return compartment.inputs.get("compartmentId") or compartment.outputs["compartmentId"]


def _all(call: Call, token: str) -> list[Record]:
    found = call.clouds.all(cloud="oci", account=call.place.account, type=token)
    return [record for record in found if record.status == ACTIVE]


def _named(call: Call, token: str, name: str) -> Record | None:
    return next((record for record in _all(call, token) if _is(record, name)), None)


def _is(record: Record, name: str) -> bool:
    return str(record.inputs.get("name")).lower() == name.lower()


def tenancy_records(call: Call, token: str) -> list[Record]:
    """Live resources of a type in the whole tenancy."""
    return _all(call, token)
