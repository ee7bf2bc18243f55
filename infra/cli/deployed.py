"""What a state says has been deployed: holders, which of them are retained, roles of regions, phases of sites."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, cast

from infra.cli.refusal import Refused
from infra.engine import urns
from infra.engine.values import plain
from infra.residency import naming
from infra.residency.audit import AuditRecord
from infra.residency.failover import Halt, Roles
from infra.residency.findings import join
from infra.residency.guardrails import PacketRoutingState
from infra.residency.holders import OCI_BUCKET, TYPES, Deployed, Holder, SiteRecord
from infra.residency.lifecycle import Phase
from infra.residency.placement import Versioning
from infra.residency.regions import UsRegion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.engine.resource import Resource
    from infra.engine.state import Deployment

# As in `infra.exports`, which would import the cloud SDKs.
_OUTPUTS = _SITES, _ROLES, _PROMISED = "legacySites", "storageRoles", "audit"
_STORE, _SITE = "usdata:index:DatasetStore", "usdata:index:LegacyBackup"
_AUDIT = ("usdata:index:AuditTrail", "usdata:index:AuditArchive")
_NAMESPACE = "oci:SecurityAttribute/securityAttributeNamespace:SecurityAttributeNamespace"


def deployed(state: Deployment) -> Deployed:
    """What a state has; nothing of it is judged here.

    Raises:
        Refused: the state's own account of its regions or legacy sites is not what this program writes.
    """
    resources = {resource.urn: resource for resource in state.resources if not resource.delete}
    found = [(resource, _holder(resource, resources)) for resource in resources.values() if resource.type in TYPES]
    root = next((it for it in resources.values() if urns.is_root_stack(it.urn)), None)
    outputs = {name: plain(root.outputs.get(name)) if root is not None else None for name in _OUTPUTS}
    return Deployed(
        holders={holder.key: holder for _, holder in found},
        retained=frozenset(holder.key for resource, holder in found if resource.retain_on_delete),
        versioned=frozenset(holder.name for resource, holder in found if _keeps_versions(resource)),
        sites=_sites(outputs[_SITES]),
        roles=_roles(outputs[_ROLES]),
        audit=_audit(outputs[_PROMISED]),
        packet_routing=_packet_routing(resources),
    )


def _packet_routing(resources: Mapping[str, Resource]) -> PacketRoutingState | None:
    """How far packet routing has got: its namespace says whether it is retired; None where there is none."""
    found = [plain(it.inputs.get("isRetired")) for it in resources.values() if it.type == _NAMESPACE]
    if not found:
        return None
    return PacketRoutingState.RETIRED if all(retired is True for retired in found) else PacketRoutingState.ENFORCED


def _keeps_versions(resource: Resource) -> bool:
    """Whether a bucket in Oracle Cloud keeps versions, or once did."""
    versioning = plain(resource.inputs.get("versioning"))
    return resource.type == OCI_BUCKET and versioning in {Versioning.ENABLED, Versioning.SUSPENDED}


def _holder(resource: Resource, resources: Mapping[str, Resource]) -> Holder:
    kind = TYPES[resource.type]
    inputs = {name: plain(value) for name, value in resource.inputs.items()}
    provider = resources.get(urns.parse_reference(resource.provider)[0]) if resource.provider else None
    place = inputs.get("region") or (plain(provider.inputs.get("region")) if provider is not None else None)
    return Holder(
        key=resource.urn.split("::", 2)[2],
        name=str(inputs.get(kind.named_by)) if kind.named_by is not None else resource.name,
        place=str(place),
        of=_origin(resource, resources, str(place)),
        fixed=kind.identity(lambda path: _at(inputs, path)),
    )


def _at(inputs: object, path: str) -> object:
    """What inputs have at a dotted path; None where they have nothing."""
    for name in path.split("."):
        inputs = cast("Mapping[str, Any]", inputs).get(name) if isinstance(inputs, dict) else None
    return inputs


def _origin(resource: Resource, resources: Mapping[str, Resource], place: str) -> str:
    """Where in the stack file it comes from: by the component that it belongs to, else by its region."""
    above = resources.get(resource.parent)
    while above is not None:
        if above.type == _STORE:
            return join("datasets", above.name)
        if above.type == _SITE:
            return join("legacy.sites", above.name)
        if above.type in _AUDIT:
            return naming.AUDIT
        above = resources.get(above.parent)
    return join("oci.regions", place)


def _sites(output: object) -> dict[str, SiteRecord]:
    """How far each site has got; a state from before there were phases says nothing, and nothing has moved there."""
    if output is None:
        return {}
    try:
        return {
            name: SiteRecord(phase=Phase(record["phase"]), expires=date.fromisoformat(record["expires"]))
            for name, record in cast("dict[str, dict[str, str]]", output).items()
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        example = '{"virginia": {"phase": "backup", "expires": "2027-03-31"}}'
        raise _unreadable(_SITES, output, example, error) from error


def _roles(output: object) -> Roles | None:
    """Which region holds the default stores; a state from before failovers says nothing, and none has begun."""
    if output is None:
        return None
    try:
        said = cast("dict[str, str]", output)
        lost, halt = "lost" in said, said.get("failover")
        other = said["lost" if lost else "standby"]
        return Roles(
            primary=UsRegion(said["primary"]), other=UsRegion(other), lost=lost, halt=Halt(halt) if halt else None
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _unreadable(_ROLES, output, '{"primary": "us-ashburn-1", "standby": "us-phoenix-1"}', error) from error


def _audit(output: object) -> AuditRecord | None:
    """What was promised about logs; None in a state of a stack that promised nothing."""
    if output is None:
        return None
    try:
        promised = cast("dict[str, Any]", output)
        days = int(promised["retentionDays"])
        return AuditRecord(retention_days=days, lock_on=date.fromisoformat(promised["lockOn"]))
    except (KeyError, TypeError, ValueError) as error:
        example = '{"retentionDays": 365, "lockOn": "2026-12-20"}'
        raise _unreadable(_PROMISED, output, example, error) from error


def _unreadable(name: str, output: object, example: str, error: Exception) -> Refused:
    return Refused(
        f"the state's output {name} is not what this program writes ({type(error).__name__}: {error})",
        given=str(output)[:200],
        allowed=example,
        fix="export the state anew",
    )
