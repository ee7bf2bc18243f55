"""The holders lock: every holder that a stack ever deployed, roles of regions, phases of sites, as a committed text.

Neither a program nor a policy pack sees what an update deletes, and an engine deletes a protected holder's guards
before it fails at the holder. So what has been deployed stands in a file beside the stack file, and a plan that leaves
any of it out is refused before an engine starts (`holders.judge`).

A stack that is not locked says so in its lock; a stack without a lock is refused.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, cast

from infra.residency.audit import AuditRecord
from infra.residency.failover import Halt, Roles
from infra.residency.guardrails import PacketRoutingState
from infra.residency.holders import Deployed, Holder, Scalar, SiteRecord
from infra.residency.lifecycle import Phase
from infra.residency.regions import UsRegion

VERSION = 1


class UnreadableLockError(ValueError):
    """The text is not what `text` writes for that stack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A stack's lock.

    Attributes:
        deployed: what the stack has had; None for a stack that is not locked, of which nothing is known.
    """

    stack: str
    deployed: Deployed | None


def text(lock: Lock) -> str:
    """The lock as it is stored: JSON, one holder a line, sorted, to be read and merged as a diff."""
    deployed = lock.deployed or Deployed()
    sites = {
        name: {"phase": record.phase.value, "expires": record.expires.isoformat()}
        for name, record in sorted(deployed.sites.items())
    }
    rows = [json.dumps(_row(holder, deployed)) for _, holder in sorted(deployed.holders.items())]
    listed = ",".join(f"\n  {row}" for row in rows)
    head: dict[str, object] = {"version": VERSION, "stack": lock.stack, "locked": lock.deployed is not None}
    if deployed.roles is not None:
        head["roles"] = _roles_row(deployed.roles)
    head["sites"] = sites
    if (audit := deployed.audit) is not None:
        head["audit"] = {"retentionDays": audit.retention_days, "lockOn": audit.lock_on.isoformat()}
    if deployed.packet_routing is not None:
        head["packetRouting"] = deployed.packet_routing.value
    fields = "".join(f' "{name}": {json.dumps(value)},\n' for name, value in head.items())
    return f'{{\n{fields} "holders": [{listed}\n ]\n}}\n'


def _roles_row(roles: Roles) -> dict[str, object]:
    halt = roles.halt.value if roles.halt else None
    return {"primary": roles.primary.value, "other": roles.other.value, "lost": roles.lost, "halt": halt}


def _roles(row: Mapping[str, Any]) -> Roles:
    halt = Halt(row["halt"]) if row["halt"] is not None else None
    return Roles(primary=UsRegion(row["primary"]), other=UsRegion(row["other"]), lost=row["lost"] is True, halt=halt)


def _row(holder: Holder, deployed: Deployed) -> dict[str, object]:
    row: dict[str, object] = {"key": holder.key, "name": holder.name, "place": holder.place, "of": holder.of}
    if holder.fixed:
        row["fixed"] = dict(holder.fixed)
    if holder.name in deployed.versioned:
        row["versioned"] = True
    if (receipt := deployed.retired.get(holder.key)) is not None:
        row["retired"] = receipt
    return row


def lock_of(content: str, stack: str) -> Lock:
    """The lock in a stored text.

    Raises:
        UnreadableLockError: it is not exactly what `text` writes, or is another stack's.
    """
    try:
        value = cast("dict[str, Any]", json.loads(content))
        rows = [(_holder(row), row.get("retired"), row.get("versioned")) for row in value["holders"]]
        deployed = Deployed(
            holders={holder.key: holder for holder, _, _ in rows},
            retired={holder.key: receipt for holder, receipt, _ in rows if receipt is not None},
            versioned=frozenset(holder.name for holder, _, versioned in rows if versioned),
            roles=_roles(value["roles"]) if "roles" in value else None,
            sites={
                name: SiteRecord(phase=Phase(record["phase"]), expires=date.fromisoformat(record["expires"]))
                for name, record in value["sites"].items()
            },
            audit=_audit(value.get("audit")),
            packet_routing=PacketRoutingState(value["packetRouting"]) if "packetRouting" in value else None,
            complete=True,
        )
        lock = Lock(stack=value["stack"], deployed=deployed if value["locked"] else None)
        exact = text(lock) == content
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
        raise UnreadableLockError(f"it is no holders lock ({type(problem).__name__}: {problem})") from None
    if not exact:
        raise UnreadableLockError("it is not what the lock command writes: it was edited, or merged by hand")
    if lock.stack != stack:
        raise UnreadableLockError(f"it is the lock of stack {lock.stack}")
    return lock


def _holder(row: Mapping[str, Any]) -> Holder:
    fixed: Mapping[str, Scalar] = row.get("fixed", {})
    return Holder(key=row["key"], name=row["name"], place=row["place"], of=row["of"], fixed=tuple(fixed.items()))


def _audit(promised: Mapping[str, Any] | None) -> AuditRecord | None:
    if promised is None:
        return None
    return AuditRecord(retention_days=promised["retentionDays"], lock_on=date.fromisoformat(promised["lockOn"]))


def with_planned(
    deployed: Deployed,
    planned: Iterable[Holder],
    audit: AuditRecord | None = None,
    packet_routing: PacketRoutingState | None = None,
) -> Deployed:
    """What is deployed once a plan has been applied that takes nothing away.

    Args:
        deployed: what was known.
        planned: the plan's holders.
        audit: what the plan promises about logs.
        packet_routing: as planned; that it is retired only a state can show.
    """
    added = {holder.key: holder for holder in planned}
    enforced = packet_routing is PacketRoutingState.ENFORCED
    return replace(
        deployed,
        holders={**added, **deployed.holders},
        audit=audit or deployed.audit,
        packet_routing=packet_routing if enforced else deployed.packet_routing,
        complete=True,
    )


def with_state(deployed: Deployed, state: Deployed, receipts: Mapping[str, str]) -> Deployed:
    """What is deployed by a lock and by a state.

    Args:
        deployed: what was known; an expiry that was known first stays.
        state: what a state has.
        receipts: digest of the receipt on which a closed site rests, by where it stands in the stack file.
    """
    sites = {
        name: SiteRecord(phase=record.phase, expires=deployed.sites.get(name, record).expires)
        for name, record in state.sites.items()
    }
    gone = {
        key: receipts[holder.of]
        for key, holder in deployed.holders.items()
        if key not in state.holders and holder.of in receipts
    }
    return replace(
        deployed,
        holders={**deployed.holders, **state.holders},
        retired={**gone, **deployed.retired},
        retained=state.retained,
        versioned=frozenset(deployed.versioned) | frozenset(state.versioned),
        roles=state.roles or deployed.roles,
        sites={**deployed.sites, **sites},
        audit=state.audit or deployed.audit,
        packet_routing=state.packet_routing,
    )
