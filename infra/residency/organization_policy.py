"""What AWS Organizations forbids in the accounts of the legacy sites, whoever has which rights there, as typed values.

Service control policies limit everybody in an account, its root user included; resource control policies limit
everybody who comes to its resources, wherever from. Neither grants anything: every statement is a deny, and no other
can be expressed. What each account is denied:

* *Regions*: every call to a region but the sites' own. Spared are the services that have one endpoint for the whole
  world, which count as us-east-1, and by which nothing is stored but accounts and bills; and, in Virginia, what tells
  people of calls of IAM, which are reported there alone.
* *Copies*: the calls by which a service would carry data to another region or account.
* *Trail*: to stop the audit trail, for everybody; to change or delete it, for everybody but who deploys it.
* *Perimeter*: objects and keys, for whoever is not of the organization and no service of Amazon's.

What they do not do: bind the management account, which is why no site may be in it; bind Amazon's own services and
service-linked roles; undo what is there.

Sources: AWS's pages "Service control policies", "Resource control policies" (grammar, exceptions), "Quotas for AWS
Organizations" and "AWS global condition context keys" (`aws:RequestedRegion`, `aws:PrincipalIsAWSService`).
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from infra.residency import naming
from infra.residency.aws_policy import VERSION, role_arn
from infra.residency.lifecycle import Site
from infra.residency.trails import IAM_REPORTS_IN

MOST_CHARACTERS = 5_120
"""How long a policy may be, blanks included as they are sent."""

MOST_ATTACHED = 5
"""How many policies of one kind may be attached to one account, AWS's own `FullAWSAccess` included."""


class ControlKind(StrEnum):
    """What a policy limits: who is in an account, or who comes to its resources."""

    SERVICE = "SERVICE_CONTROL_POLICY"
    RESOURCE = "RESOURCE_CONTROL_POLICY"


class Purpose(StrEnum):
    """What a policy is for; each has its own, so that a change of one is one policy of a diff."""

    COPIES = "copies"
    PERIMETER = "perimeter"
    REGIONS = "regions"
    TRAIL = "trail"

    @property
    def kind(self) -> ControlKind:
        """What limits that."""
        return ControlKind.RESOURCE if self is Purpose.PERIMETER else ControlKind.SERVICE


_GLOBAL = (
    "account:*",
    "billing:*",
    "budgets:*",
    "ce:*",
    "health:*",
    "iam:*",
    "organizations:*",
    "s3:GetAccountPublicAccessBlock",
    "s3:ListAllMyBuckets",
    "s3:PutAccountPublicAccessBlock",
    "sts:*",
    "support:*",
)
"""What has one endpoint for the whole world, or answers for all regions: no data is stored by any of it."""

_COPYING = (
    "backup:CopyFromBackupVault",
    "backup:StartCopyJob",
    "dynamodb:CreateGlobalTable",
    "dynamodb:UpdateGlobalTable",
    "ec2:CopyImage",
    "ec2:CopySnapshot",
    "ec2:ModifyImageAttribute",
    "ec2:ModifySnapshotAttribute",
    "ecr:PutReplicationConfiguration",
    "kms:ReplicateKey",
    "kms:UpdatePrimaryRegion",
    "ram:CreateResourceShare",
    "rds:CopyDBClusterSnapshot",
    "rds:CopyDBSnapshot",
    "rds:ModifyDBClusterSnapshotAttribute",
    "rds:ModifyDBSnapshotAttribute",
    "s3:CreateMultiRegionAccessPoint",
    "s3:PutAccelerateConfiguration",
    "s3:PutReplicationConfiguration",
    "s3:ReplicateDelete",
    "s3:ReplicateObject",
    "s3:ReplicateTags",
    "secretsmanager:ReplicateSecretToRegions",
)
_TELLING = ("events:*", "sns:*")
_STOPPING = ("cloudtrail:StopLogging",)
_CHANGING = (
    "cloudtrail:DeleteTrail",
    "cloudtrail:PutEventSelectors",
    "cloudtrail:PutInsightSelectors",
    "cloudtrail:UpdateTrail",
)
_HOLDING = ("kms:*", "s3:*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Forbidden:
    """One deny.

    Attributes:
        actions: what is denied, or what alone is spared (`sparing`).
        conditions: operator, key and values; all must hold, and each holds for a call that does not carry the key.
    """

    sid: str
    actions: tuple[str, ...]
    sparing: bool = False
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...] = ()

    def document(self, kind: ControlKind) -> dict[str, object]:
        """The statement as the policy language writes it; only who comes to a resource is named."""
        return {
            "Sid": self.sid,
            "Effect": "Deny",
            **({"Principal": "*"} if kind is ControlKind.RESOURCE else {}),
            "NotAction" if self.sparing else "Action": list(self.actions),
            "Resource": "*",
            **({"Condition": {op: {key: list(values)} for op, key, values in self.conditions}}
               if self.conditions else {}),
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPolicy:
    """A policy of the organization.

    Attributes:
        name: physical, unique in the organization (`usds-regions-111111111111`).
        accounts: the accounts that it is attached to, sorted.
    """

    name: str
    purpose: Purpose
    statements: tuple[Forbidden, ...]
    accounts: tuple[str, ...]

    def text(self) -> str:
        """The policy as AWS takes it."""
        statements = [statement.document(self.purpose.kind) for statement in self.statements]
        return json.dumps({"Version": VERSION, "Statement": statements}, separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationPlan:
    """The organization that the legacy accounts are in, as far as it is managed here.

    Attributes:
        id: of the organization in AWS (`o-…`).
        account_id: its management account.
        deployer_role: name of the IAM role that deploys there.
        policies: sorted by name.
    """

    id: str
    account_id: str
    deployer_role: str
    policies: tuple[ControlPolicy, ...]


def plan_policies(
    organization: str, organization_id: str, sites: Iterable[Site], *, audited: bool = False
) -> tuple[ControlPolicy, ...]:
    """The policies for the accounts of some sites, sorted by name.

    Args:
        organization: prefix of physical names.
        organization_id: id of the organization in AWS (`o-…`).
        sites: all of them, in whatever phase: an account stays limited when its site is closed.
        audited: whether the sites have trails, and alarms in Virginia too.
    """
    of_account: dict[str, list[Site]] = {}
    for site in sorted(sites, key=lambda site: site.name):
        of_account.setdefault(site.account_id, []).append(site)
    accounts = tuple(sorted(of_account))

    def policy(purpose: Purpose, statements: tuple[Forbidden, ...], account: str = "") -> ControlPolicy:
        return ControlPolicy(
            name=naming.control_policy(organization, purpose, account),
            purpose=purpose,
            statements=statements,
            accounts=(account,) if account else accounts,
        )

    policies = [policy(Purpose.COPIES, _copies()), policy(Purpose.PERIMETER, _perimeter(organization_id))]
    for account, there in of_account.items():
        policies.append(policy(Purpose.REGIONS, _regions(there, audited=audited), account))
        policies.append(policy(Purpose.TRAIL, _trail(there), account))
    return tuple(sorted(policies, key=lambda policy: policy.name))


def _regions(sites: list[Site], *, audited: bool) -> tuple[Forbidden, ...]:
    regions = {site.region.value for site in sites}

    def but(them: set[str]) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
        return (("StringNotEquals", "aws:RequestedRegion", tuple(sorted(them))),)

    if not audited or IAM_REPORTS_IN in regions:
        return (Forbidden(sid="DenyOtherRegions", actions=_GLOBAL, sparing=True, conditions=but(regions)),)
    return (
        Forbidden(sid="DenyOtherRegions", actions=_GLOBAL + _TELLING, sparing=True, conditions=but(regions)),
        Forbidden(sid="DenyTellingElsewhere", actions=_TELLING, conditions=but(regions | {IAM_REPORTS_IN.value})),
    )


def _copies() -> tuple[Forbidden, ...]:
    return (Forbidden(sid="DenyCopies", actions=_COPYING),)


def _trail(sites: list[Site]) -> tuple[Forbidden, ...]:
    deployers = tuple(sorted({role_arn(site.account_id, site.deployer_role) for site in sites}))
    return (
        Forbidden(sid="DenyStoppingTheTrail", actions=_STOPPING),
        Forbidden(
            sid="DenyChangingTheTrail",
            actions=_CHANGING,
            conditions=(("ArnNotEquals", "aws:PrincipalArn", deployers),),
        ),
    )


def _perimeter(organization_id: str) -> tuple[Forbidden, ...]:
    return (
        Forbidden(
            sid="DenyStrangers",
            actions=_HOLDING,
            conditions=(
                ("StringNotEquals", "aws:PrincipalOrgID", (organization_id,)),
                ("BoolIfExists", "aws:PrincipalIsAWSService", ("false",)),
            ),
        ),
    )
