"""Holders: what holds data, or the key to it, and must not go or be replaced by an update; and what has been deployed.

A holder's identity is everything that would make an engine delete it, or put another one in its place, if it changed:
its URN (component, type and logical name), its physical name, its place, and the inputs that a cloud cannot change.
`holders` lists those of a plan; `Deployed` is what a stack has had so far, from its holders lock or from a state;
`judge` refuses a plan in which a deployed holder is neither as it was nor covered by a receipt.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import assert_never

from infra.residency import naming
from infra.residency.audit import AuditRecord
from infra.residency.failover import Roles
from infra.residency.findings import Finding, Rule, join
from infra.residency.guardrails import PacketRoutingState
from infra.residency.keys import EXTERNAL_VAULT, ExternalCustody, KeyCare, VaultKind
from infra.residency.lifecycle import Phase
from infra.residency.placement import KeyPlan, Plan, SitePlan
from infra.residency.regions import UsRegion
from infra.residency.trails import ARCHIVE_REGION

OCI_BUCKET = "oci:ObjectStorage/bucket:Bucket"
OCI_VAULT = "oci:Kms/vault:Vault"
OCI_KEY = "oci:Kms/key:Key"
AWS_BUCKET = "aws:s3/bucket:Bucket"
AWS_KEY = "aws:kms/key:Key"

_STORE = f"usdata:index:DatasetStore${OCI_BUCKET}"
_VAULT = f"usdata:index:RegionalKeys${OCI_VAULT}"
_KEY = f"usdata:index:RegionalKeys${OCI_KEY}"
_AUDIT = "usdata:index:AuditTrail"
_ARCHIVE = "usdata:index:AuditArchive"
_BACKUP = f"usdata:index:LegacyBackup$usdata:index:LegacyBucket${AWS_BUCKET}"
_BACKUP_KEY = f"usdata:index:LegacyBackup${AWS_KEY}"

_MANAGER = "externalKeyManagerMetadata.externalVaultEndpointUrl"
_DOMAIN = "externalKeyManagerMetadata.oauthMetadata.idcsAccountNameUrl"
_CLIENT = "externalKeyManagerMetadata.oauthMetadata.clientAppId"
_OUTSIDE = "externalKeyReference.externalKeyId"
"""What a vault and a key refer to where the keys are held outside Oracle."""

Scalar = str | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderType:
    """What identifies a holder of a type beside its URN and place.

    Attributes:
        named_by: the input that is its physical name; None where the logical name is all it has.
        fixed: further inputs that no cloud changes in place, dotted; one that a holder has not is no part of it.
        told_once: inputs that the cloud is told when it makes the holder, and that are never compared again.
    """

    named_by: str | None
    fixed: tuple[str, ...] = ()
    told_once: tuple[str, ...] = ()

    def identity(self, inputs: Callable[[str], object]) -> tuple[tuple[str, "Scalar"], ...]:
        """The fixed inputs that a holder has.

        Args:
            inputs: what it has at a dotted path; None where it has nothing.
        """
        found = ((path, inputs(path)) for path in self.fixed)
        return tuple((path, value) for path, value in found if isinstance(value, str | bool))


TYPES: Mapping[str, HolderType] = MappingProxyType(
    {
        OCI_BUCKET: HolderType(named_by="name", fixed=("namespace", "storageTier")),
        OCI_VAULT: HolderType(
            named_by="displayName",
            fixed=("vaultType", _MANAGER, _DOMAIN, _CLIENT),
            told_once=("externalKeyManagerMetadata.oauthMetadata.clientAppSecret",),
        ),
        OCI_KEY: HolderType(named_by="displayName", fixed=("protectionMode", _OUTSIDE)),
        AWS_BUCKET: HolderType(named_by="bucket"),
        AWS_KEY: HolderType(named_by=None, fixed=("multiRegion",)),
    }
)
"""Every type that holds data or keys; whatever else has one of these types is a holder too."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Holder:
    """One holder.

    Attributes:
        key: its URN without stack and project: `usdata:index:DatasetStore$oci:…/bucket:Bucket::profiles-us-ashburn-1`.
        name: its physical name (`usds-profiles-iad`).
        place: the region that it is in.
        of: where in the stack file it comes from (`datasets.profiles`, `legacy.sites.virginia`).
        fixed: values of its type's fixed inputs, in the type's order.
    """

    key: str
    name: str
    place: str
    of: str
    fixed: tuple[tuple[str, Scalar], ...] = ()

    @property
    def type(self) -> str:
        """Its type token."""
        return self.key.partition("::")[0].rpartition("$")[2]

    @property
    def logical_name(self) -> str:
        """Its name in the program."""
        return self.key.partition("::")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRecord:
    """How far a site has got: the phase that is deployed, and the expiry that the site began with."""

    phase: Phase
    expires: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """What a stack has had so far.

    Attributes:
        holders: every holder ever deployed, by key.
        retired: key of each holder that a receipt covered when it went -> digest of that receipt.
        retained: keys of those that would stay in the cloud if they left the state, as far as a state was read.
        versioned: names of the buckets in Oracle Cloud that keep versions, or once did.
        sites: how far each site has got; a site that is not named has not begun.
        roles: which region holds the default stores; None where nothing has been deployed.
        audit: what was promised about logs; None where nothing was.
        packet_routing: how far packet routing has got; None where there is none, or none any more.
        complete: whether a holder must be named here before it is deployed.
    """

    holders: Mapping[str, Holder] = field(default_factory=dict[str, Holder])
    retired: Mapping[str, str] = field(default_factory=dict[str, str])
    retained: Collection[str] = frozenset()
    versioned: Collection[str] = frozenset()
    sites: Mapping[str, SiteRecord] = field(default_factory=dict[str, SiteRecord])
    roles: Roles | None = None
    audit: AuditRecord | None = None
    packet_routing: PacketRoutingState | None = None
    complete: bool = False


def holders(plan: Plan) -> tuple[Holder, ...]:
    """Every holder of a plan, sorted."""
    return tuple(sorted((*_vaults(plan), *_stores(plan), *_backups(plan), *_logs(plan))))


def _vaults(plan: Plan) -> Iterator[Holder]:
    for region in (network.region for network in plan.networks):
        yield Holder(
            key=f"{_VAULT}::vault-{region}",
            name=naming.vault(plan.organization, region),
            place=region.value,
            of=join("oci.regions", region.value),
            fixed=(("vaultType", plan.key_care.vault_type), *_referred(plan.key_care, region)),
        )
    for key in plan.keys:
        yield Holder(
            key=f"{_KEY}::{key.data_class}-{key.region}",
            name=key.name,
            place=key.region.value,
            of=join("oci.regions", key.region.value),
            fixed=_protected(plan.key_care, key),
        )


def _referred(care: KeyCare, region: UsRegion) -> tuple[tuple[str, Scalar], ...]:
    """What a region's vault refers to."""
    match care.vault:
        case VaultKind():
            return ()
        case ExternalCustody() as custody:
            url = custody.managers[region].url
            return ((_MANAGER, url), (_DOMAIN, custody.domain_url), (_CLIENT, custody.client_id))
        case _:
            assert_never(care.vault)


def _protected(care: KeyCare, key: KeyPlan) -> tuple[tuple[str, Scalar], ...]:
    """How a key is protected, and which one it refers to."""
    match care.vault:
        case VaultKind():
            return (("protectionMode", "HSM"),)
        case ExternalCustody() as custody:
            id_ = custody.managers[key.region].keys[key.data_class]
            return (("protectionMode", EXTERNAL_VAULT), (_OUTSIDE, id_))
        case _:
            assert_never(care.vault)


def _stores(plan: Plan) -> Iterator[Holder]:
    for dataset in plan.datasets:
        for placement in dataset.placements:
            yield Holder(
                key=f"{_STORE}::{placement.name}",
                name=placement.bucket,
                place=placement.region.value,
                of=join("datasets", dataset.dataset.name),
                fixed=(("namespace", plan.tenancy.namespace), ("storageTier", "Standard")),
            )


def _backups(plan: Plan) -> Iterator[Holder]:
    for site in plan.sites:
        if not site.site.phase.has_holders:
            continue
        of, place = join("legacy.sites", site.site.name), site.site.region.value
        yield Holder(
            key=f"{_BACKUP_KEY}::{site.site.name}",
            name=site.site.name,
            place=place,
            of=of,
            fixed=(("multiRegion", False),),
        )
        for logical, bucket in _buckets(site):
            yield Holder(key=f"{_BACKUP}::{logical}", name=bucket, place=place, of=of)


def _logs(plan: Plan) -> Iterator[Holder]:
    """What holds logs: they tell who asked for what, so they are data about users, and outlive every phase."""
    for audited in plan.audit.regions if plan.audit is not None else ():
        for type_, name, fixed in (
            (OCI_VAULT, audited.vault, (("vaultType", "DEFAULT"),)),
            (OCI_KEY, audited.key, (("protectionMode", "HSM"),)),
            (OCI_BUCKET, audited.bucket, (("namespace", plan.tenancy.namespace), ("storageTier", "Standard"))),
        ):
            yield Holder(
                key=f"{_AUDIT}${type_}::audit-{audited.region}",
                name=name,
                place=audited.region.value,
                of=naming.AUDIT,
                fixed=fixed,
            )
    if (archive := plan.archive) is not None:
        logical, place = f"{naming.AUDIT}-{naming.ARCHIVE}", ARCHIVE_REGION.value
        bucket, key = f"{_ARCHIVE}${AWS_BUCKET}::{logical}", f"{_ARCHIVE}${AWS_KEY}::{logical}"
        yield Holder(key=bucket, name=archive.bucket, place=place, of=naming.AUDIT)
        yield Holder(key=key, name=logical, place=place, of=naming.AUDIT, fixed=(("multiRegion", False),))


def _buckets(site: SitePlan) -> Iterator[tuple[str, str]]:
    yield naming.backup(naming.REPORTS, site.site.name), site.reports_bucket
    for backup in site.backups:
        yield backup.name, backup.bucket


def data_buckets(deployed: Deployed, site: str) -> frozenset[str]:
    """The buckets that hold a site's backups, of all that were deployed and not retired."""
    of, reports = join("legacy.sites", site), naming.backup(naming.REPORTS, site)
    there = [holder for key, holder in deployed.holders.items() if holder.of == of and key not in deployed.retired]
    return frozenset(it.name for it in there if it.type == AWS_BUCKET and it.logical_name != reports)


def judge(plan: Plan, deployed: Deployed, receipts: Mapping[str, Collection[str]]) -> Iterator[Finding]:
    """Which deployed holders a plan would delete or replace without a receipt.

    Args:
        plan: a plan whose phases are legal: a site in phase CLOSED has the receipt that this phase demands.
        deployed: what the stack has had so far.
        receipts: digests of the receipts that are believed, by site; those of a retired holder's must be among them.
    """
    planned = {holder.key: holder for holder in holders(plan)}
    closed = {join("legacy.sites", site.site.name) for site in plan.sites if not site.site.phase.has_holders}
    believed = {digest for digests in receipts.values() for digest in digests}
    for key, holder in sorted(deployed.holders.items()):
        now = planned.get(key)
        if key in deployed.retired:
            if now is None and deployed.retired[key] in believed:
                continue
            yield _unproved(holder, deployed.retired[key], returns=now is not None)
        elif now is None and holder.of in closed:
            if key in deployed.retained:
                yield _retained(holder)
        elif now is None:
            yield _vanished(holder, next((it for it in planned.values() if _same_thing(it, holder)), None))
        elif now != holder:
            yield _changed(holder, now)
    unknown = [holder for key, holder in planned.items() if key not in deployed.holders]
    if deployed.complete and unknown:
        yield _unlocked(unknown)


def _unlocked(unknown: Sequence[Holder]) -> Finding:
    few = ", ".join(holder.name for holder in unknown[:_FEW])
    return Finding(
        path=unknown[0].of,
        rule=Rule.HOLDERS_LOCK,
        given=f"{len(unknown)} holder{'s' if len(unknown) > 1 else ''} that the lock does not name: {few}"
        + (", …" if len(unknown) > _FEW else ""),
        allowed="every holder named in the holders lock before it is deployed",
        why="what is not in the lock could be deleted later and nobody would know",
        fix="python -m infra lock --stack NAME, and commit what it writes with this change",
    )


_FEW = 3


def _same_thing(one: Holder, other: Holder) -> bool:
    return (one.type, one.name, one.place) == (other.type, other.name, other.place)


def _finding(holder: Holder, *, given: str, why: str, fix: str) -> Finding:
    return Finding(
        path=holder.of,
        rule=Rule.HOLDER,
        given=given,
        allowed="every deployed holder as it was, or a receipt that says it is empty",
        why=why,
        fix=fix,
    )


def _vanished(holder: Holder, twin: Holder | None) -> Finding:
    if twin is not None:
        return _finding(
            holder,
            given=f"{holder.name} in {holder.place} as {twin.key}; it was deployed as {holder.key}",
            why="under another name or parent it is another resource: the one that holds the data would be deleted",
            fix="give it back its name and parent",
        )
    return _finding(
        holder,
        given=f"no {holder.name} in {holder.place}, which was deployed and holds data or a key",
        why="it would be deleted, and everything that guards it first",
        fix="put back what this file said; a legacy site goes by its phases, a dataset in Oracle Cloud stays",
    )


def _changed(old: Holder, new: Holder) -> Finding:
    before, after = _identity(old), _identity(new)
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    told = "; ".join(f"{name} {before.get(name)} would become {after.get(name)}" for name in changed)
    return _finding(
        old,
        given=f"another {old.logical_name}: {told}",
        why="no cloud changes that in place: the one that holds the data would be replaced by an empty one",
        fix="put back what this file said",
    )


def _identity(holder: Holder) -> dict[str, Scalar]:
    return {"name": holder.name, "place": holder.place, "origin": holder.of, **dict(holder.fixed)}


def _retained(holder: Holder) -> Finding:
    return _finding(
        holder,
        given=f"no {holder.name}, which the state says is retained",
        why="it would leave the state and stay in the cloud, where nobody would ever delete it",
        fix="apply phase wipe once more, which takes retention off, then close the site",
    )


def _unproved(holder: Holder, digest: str, *, returns: bool) -> Finding:
    if returns:
        return _finding(
            holder,
            given=f"{holder.name} in {holder.place}, which was retired by receipt {digest[:12]}",
            why="what is gone does not come back: a new holder of that name has nothing in it",
            fix="give the new one another name",
        )
    return _finding(
        holder,
        given=f"{holder.name} in {holder.place} is retired by receipt {digest[:12]}, which is not among the receipts",
        why="a holder's end is believed on its receipt alone",
        fix="restore the receipts of the site from version control",
    )
