"""What the role that deploys may do in an AWS account: what the plan has there, in its phase, and nothing else.

Each thing that the plan puts into an account gives the calls that look at, make, change or end a resource of its type
(`deployer_calls`), about its own name, where AWS judges by names, and in its own region.

| phase of a site | holders (buckets, keys) | the trail of its account | what copies backups |
|---|---|---|---|
| backup | make, change | make, change | make, change, end |
| drain | change | make, change | end |
| wipe | change, end | make, change, end | nothing |

What it refuses:

* *An identity.* Who deploys is not for who deploys to say: of its own role, of that role's policies, of the issuer and
  of the boundary it looks, and no more. Administrators change them (`python -m infra.deploy trust`), and the stack
  takes over what they made.
* *A way up.* Roles of the stack's own it makes and changes under a boundary alone, which lets them touch the objects
  of their account's backups and nothing else: not its own policies, no other role, no key.
* *An end before its time.* No bucket, key or trail of a site goes before WIPE; of the archive nothing goes, and nothing
  of what an organization forbids, in any phase. Once a site is closed its deployer's role stays as WIPE left it, for
  administrators to delete.
* *A pattern of calls.* Each call is named.

What it cannot narrow: keys, locations and policies of an organization get random names from AWS, and some calls are
judged by no name at all (`UNADDRESSED`): they are bound to a region, and to what a call says of itself (`NARROWED`).
Whoever changes the policies of buckets and keys could let somebody else in: that is what reviews and alarms are for.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from infra.residency import deployer_calls as of
from infra.residency import naming
from infra.residency.aws_policy import (
    DATASYNC,
    Condition,
    Kind,
    Policy,
    Statement,
    bucket_arn,
    managed_policy_arn,
    oidc_provider_arn,
    role_arn,
)
from infra.residency.aws_vocabulary import NARROWED, UNADDRESSED, Action, ConditionKey, Operator
from infra.residency.deployer_calls import Act, calls
from infra.residency.lifecycle import HolderPhase, Phase
from infra.residency.organization_policy import ControlKind, OrganizationPlan
from infra.residency.placement import Plan, SitePlan
from infra.residency.regions import LegacyRegion
from infra.residency.site_policies import backup_arns, boundary_policy
from infra.residency.trails import ARCHIVE_REGION, ArchivePlan, TrailPlan
from infra.residency.watched import Alarm

_LOOK = frozenset({Act.LOOK})
_KEEP = frozenset({Act.LOOK, Act.CHANGE})
_MAKE = frozenset({Act.LOOK, Act.MAKE, Act.CHANGE})
_END = frozenset({Act.LOOK, Act.END})
_HOLDERS = {Phase.BACKUP: _MAKE, Phase.DRAIN: _KEEP, Phase.WIPE: _KEEP | _END}
_TRAILS = {Phase.BACKUP: _MAKE, Phase.DRAIN: _MAKE, Phase.WIPE: _MAKE | _END}
_DATASYNC = DATASYNC.principal
_ORGANIZATIONS_IN = LegacyRegion.VIRGINIA
"""Where the one endpoint of Organizations is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Things of one account that its deployer answers for.

    Attributes:
        name: part of the names of statements.
        region: where calls about them go, as far as their ARNs do not say it; None where nothing has to.
        conditions: each narrows the calls that `NARROWED` has under its key.
    """

    name: str
    types: tuple[str, ...]
    acts: frozenset[Act]
    arns: tuple[str, ...]
    region: LegacyRegion | None = None
    conditions: tuple[Condition, ...] = ()

    def statements(self) -> Iterator[Statement]:
        """What is allowed with them by name: a statement for each service and each way in which calls are narrowed."""
        for service, narrowed, actions in _alike(calls(self.types, self.acts) - UNADDRESSED):
            yield Statement(
                sid=f"{self.name}{service.capitalize()}{_told(narrowed)}",
                actions=actions,
                resources=tuple(it for it in self.arns if it.startswith(f"arn:aws:{service}:")),
                conditions=(
                    *(_where(self.region) if service == "s3" else ()),
                    *(it for it in self.conditions if it.key == narrowed),
                ),
            )

    def anywhere(self) -> Iterator[tuple[tuple[Condition, ...], str, Action]]:
        """What is allowed with no name: under which conditions, what a statement about it is called, and the call."""
        for _, narrowed, actions in _alike(calls(self.types, self.acts) & UNADDRESSED):
            conditions = (*_where(self.region), *(it for it in self.conditions if it.key == narrowed))
            place = self.region.facts.key.capitalize() if self.region is not None else ""
            yield from ((conditions, f"Anywhere{place}{_told(narrowed)}", action) for action in actions)


def _alike(asked: frozenset[Action]) -> Iterator[tuple[str, str, tuple[Action, ...]]]:
    """Calls of one service that are narrowed alike: the service, the key that narrows them or nothing, the calls."""
    for service, narrowed in sorted({(_service(it), str(NARROWED.get(it, ""))) for it in asked}):
        alike = (it for it in asked if (_service(it), str(NARROWED.get(it, ""))) == (service, narrowed))
        yield service, narrowed, tuple(sorted(alike))


def _told(narrowed: str) -> str:
    """A key as part of a statement's name."""
    return "".join(filter(str.isalpha, narrowed.partition(":")[2]))


def _service(action: Action) -> str:
    """Whose call it is, which is also whose resource it is about."""
    return action.partition(":")[0]


def _where(region: LegacyRegion | None) -> tuple[Condition, ...]:
    return () if region is None else (_equals(ConditionKey.REQUESTED_REGION, region.value),)


def _equals(key: ConditionKey, *values: str) -> Condition:
    return Condition(operator=Operator.STRING_EQUALS, key=key, values=values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Powers:
    """What deployers may do.

    Attributes:
        may: by account and role.
        boundaries: what no role of the stack's own may go beyond, by the accounts that have some.
    """

    may: Mapping[tuple[str, str], Policy]
    boundaries: Mapping[str, Policy]

    def policies(self) -> tuple[Policy, ...]:
        """Every one of them."""
        return (*self.may.values(), *self.boundaries.values())


def powers(plan: Plan) -> Powers:
    """What the deployers of a stack may do; nothing where people deploy, whose rights are not this stack's."""
    if plan.ci is None:
        return Powers(may={}, boundaries={})
    roles = [(account.account_id, role) for account in plan.ci.accounts for role in account.roles]
    return Powers(may={it: may(plan, *it) for it in roles}, boundaries=_boundaries(plan))


def _boundaries(plan: Plan) -> dict[str, Policy]:
    of_account: dict[str, list[SitePlan]] = {}
    for site in plan.sites:
        if site.site.phase.has_holders:
            of_account.setdefault(site.site.account_id, []).append(site)
    return {account: boundary_policy(tuple(sites), plan.organization) for account, sites in sorted(of_account.items())}


def may(plan: Plan, account_id: str, role: str) -> Policy:
    """What one deployer's role may do in its account."""
    held = holdings(plan, account_id, role)
    nameless: dict[tuple[tuple[Condition, ...], str], set[Action]] = {}
    for conditions, name, action in (it for holding in held for it in holding.anywhere()):
        nameless.setdefault((conditions, name), set()).add(action)
    return Policy(
        kind=Kind.ROLE,
        name=role,
        account_id=account_id,
        statements=(
            *(statement for holding in held for statement in holding.statements()),
            *(
                Statement(sid=name, actions=tuple(sorted(actions)), resources=("*",), conditions=conditions)
                for (conditions, name), actions in nameless.items()
            ),
        ),
    )


def holdings(plan: Plan, account_id: str, role: str) -> tuple[Holding, ...]:
    """Everything that one deployer's role answers for in its account."""
    found = [*_identities(plan, account_id)]
    trails = {trail.name: trail for trail in plan.archive.trails if trail.live} if plan.archive is not None else {}
    for site in plan.sites:
        it = site.site
        if it.phase.has_holders and (it.account_id, it.deployer_role) == (account_id, role):
            found += _site(site, plan.organization)
            found += _trail(trails[it.name], _TRAILS[it.phase]) if it.name in trails else ()
    if plan.archive is not None and (plan.archive.account_id, plan.archive.deployer_role) == (account_id, role):
        found += _archive(plan.archive)
        found += _trail(trails[naming.ARCHIVE], _MAKE)
    if plan.control is not None and (plan.control.account_id, plan.control.deployer_role) == (account_id, role):
        found += _organization(plan.control)
    return tuple(found)


def _identities(plan: Plan, account_id: str) -> Iterator[Holding]:
    """Who deploys, which is looked at and never changed."""
    if plan.ci is None:
        return
    roles = [role for account in plan.ci.accounts if account.account_id == account_id for role in account.roles]
    yield Holding(
        name="Deployers",
        types=(of.ROLE, of.ROLE_POLICY),
        acts=_LOOK,
        arns=tuple(role_arn(account_id, it) for it in roles),
    )
    yield Holding(name="Issuer", types=(of.ISSUER,), acts=_LOOK, arns=(oidc_provider_arn(account_id, plan.ci.issuer),))
    if any(site.site.account_id == account_id and site.site.phase.has_holders for site in plan.sites):
        bound = managed_policy_arn(account_id, naming.boundary(plan.organization))
        yield Holding(name="Boundary", types=(of.MANAGED_POLICY,), acts=_LOOK, arns=(bound,))


def _site(plan: SitePlan, organization: str) -> Iterator[Holding]:
    site = plan.site
    name = naming.word(site.name)
    yield Holding(
        name=f"{name}Buckets",
        types=(of.BUCKET, *of.GUARDS, of.LIFECYCLE, of.INVENTORY),
        acts=_HOLDERS[site.phase],
        arns=backup_arns(plan, organization),
        region=site.region,
    )
    yield from _key(name, plan.key_alias, site.account_id, site.region, _HOLDERS[site.phase])
    yield from _roles(plan, organization)
    if site.phase is not Phase.WIPE:
        yield from _transfer(plan, organization)


def _key(name: str, alias: str, account_id: str, region: LegacyRegion, acts: frozenset[Act]) -> Iterator[Holding]:
    """A key, which has no name before it is made, and its alias, by which it is known afterwards."""
    place = f"arn:aws:kms:{region}:{account_id}"
    yield Holding(
        name=f"{name}Key",
        types=(of.KEY,),
        acts=acts,
        arns=(f"{place}:key/*",),
        region=region,
        conditions=(
            Condition(operator=Operator.BOOL, key=ConditionKey.MULTI_REGION, values=("false",)),
            _equals(ConditionKey.PHASE_TAG, *sorted(HolderPhase)),
        ),
    )
    yield Holding(name=f"{name}Alias", types=(of.ALIAS,), acts=acts, arns=(f"{place}:{alias}",), region=region)


def _roles(plan: SitePlan, organization: str) -> Iterator[Holding]:
    """The roles that work on objects: the one of the phase, the one before it, and the one that restores."""
    site, account = plan.site, plan.site.account_id
    transfer, retire, restore = (
        role_arn(account, called(organization, site.name))
        for called in (naming.transfer_role, naming.retirement_role, naming.restore_role)
    )
    match site.phase:
        case Phase.BACKUP if plan.restore is not None:
            kept, gone = {_MAKE: (transfer, restore)}, ()
        case Phase.BACKUP:
            kept, gone = {_MAKE: (transfer,)}, (restore,)
        case Phase.DRAIN:
            kept, gone = {_MAKE: (retire,)}, (transfer, restore)
        case _:
            kept, gone = {_KEEP | _END: (retire,)}, ()
    bounded = _equals(ConditionKey.BOUNDARY, managed_policy_arn(account, naming.boundary(organization)))
    for name, acts, arns in (*(("Roles", acts, arns) for acts, arns in kept.items()), ("GoneRoles", _END, gone)):
        if arns:
            yield Holding(
                name=f"{naming.word(site.name)}{name}",
                types=(of.ROLE, of.ROLE_POLICY),
                acts=acts,
                arns=arns,
                conditions=(bounded,),
            )


def _transfer(plan: SitePlan, organization: str) -> Iterator[Holding]:
    """What copies backups; where nothing does any more, what did is ended."""
    site, acts = plan.site, _END if plan.transfer is None else _MAKE | _END
    name, region, account = naming.word(site.name), site.region, site.account_id
    topic = naming.site_alarm(organization, "backup", site.name)
    datasync = f"arn:aws:datasync:{region}:{account}"
    yield Holding(
        name=f"{name}Transfer",
        types=(of.SOURCE, of.DESTINATION, of.TASK),
        acts=acts,
        arns=(
            f"{datasync}:location/*",
            f"{datasync}:task/*",
            role_arn(account, naming.transfer_role(organization, site.name)),
            f"arn:aws:secretsmanager:{region}:{account}:secret:aws-datasync!*",
        ),
        region=region,
        conditions=(_equals(ConditionKey.PASSED_TO, _DATASYNC),),
    )
    if Act.MAKE in acts:
        yield Holding(
            name=f"{name}TransferService",
            types=(of.SERVICE_ROLE,),
            acts=acts,
            arns=(role_arn(account, f"aws-service-role/{_DATASYNC}/AWSServiceRoleForDataSync"),),
            conditions=(_equals(ConditionKey.SERVICE_NAME, _DATASYNC),),
        )
    yield Holding(
        name=f"{name}Late",
        types=(of.ALARM, of.TOPIC),
        acts=acts,
        arns=(f"arn:aws:cloudwatch:{region}:{account}:alarm:{topic}-late-*", f"arn:aws:sns:{region}:{account}:{topic}"),
        region=region,
    )


def _trail(trail: TrailPlan, acts: frozenset[Act]) -> Iterator[Holding]:
    """A trail, and whom it tells: of what is never ended there still is an end for who is told."""
    name = f"{naming.word(trail.name)}Trail"
    yield Holding(name=name, types=(of.TRAIL,), acts=acts, arns=(trail.arn,), region=trail.region)
    for region in trail.alarm_regions:
        here = f"{name}{region.facts.key.capitalize()}"
        topic = trail.topic_arn(region)
        yield Holding(name=f"{here}Topic", types=(of.TOPIC, of.TOPIC_POLICY), acts=acts, arns=(topic,))
        yield Holding(name=f"{here}Told", types=(of.SUBSCRIPTION,), acts=_MAKE | _END, arns=(topic,), region=region)
        yield Holding(
            name=f"{here}Rules",
            types=(of.RULE, of.TARGET),
            acts=acts,
            arns=tuple(trail.rule_arn(alarm, region) for alarm in Alarm),
            conditions=tuple(
                Condition(operator=it, key=ConditionKey.TARGET, values=(topic,))
                for it in (Operator.ALL_ARNS_EQUAL, Operator.ANY_ARN_EQUALS)
            ),
        )


def _archive(plan: ArchivePlan) -> Iterator[Holding]:
    """Where the trails go: made and changed, never ended."""
    yield Holding(
        name="ArchiveBucket",
        types=(of.BUCKET, *of.GUARDS, of.LOCK),
        acts=_MAKE,
        arns=(bucket_arn(plan.bucket),),
        region=ARCHIVE_REGION,
    )
    yield from _key("Archive", plan.key_alias, plan.account_id, ARCHIVE_REGION, _MAKE)


def _organization(plan: OrganizationPlan) -> Iterator[Holding]:
    """What is forbidden in the sites' accounts: made and changed, never lifted."""
    place = f"arn:aws:organizations::{plan.account_id}"
    accounts = sorted({account for policy in plan.policies for account in policy.accounts})
    yield Holding(
        name="Controls",
        types=(of.CONTROL, of.ATTACHMENT),
        acts=_MAKE,
        arns=(
            *(f"{place}:policy/{plan.id}/{kind.lower()}/*" for kind in ControlKind),
            *(f"{place}:account/{plan.id}/{account}" for account in accounts),
        ),
        region=_ORGANIZATIONS_IN,
        conditions=(_equals(ConditionKey.CONTROL_KIND, *sorted(ControlKind)),),
    )
