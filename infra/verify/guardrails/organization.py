"""AWS Organizations: the accounts of the legacy sites are denied other regions, copies, and the end of their trail.

Read from the documents that AWS would get. A deny counts only where it is about every resource and nothing but what is
meant here keeps it from holding: a condition more, an action less, or a service spared is a gap.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from infra.verify.aws.globs import fits
from infra.verify.declared import ARCHIVE_REGION, Declared
from infra.verify.graph import Graph
from infra.verify.guardrails.gap import Gap, Rule
from infra.verify.values import as_texts, listed, record, records

_POLICY: Final = "aws:organizations/policy:Policy"
_ATTACHMENT: Final = "aws:organizations/policyAttachment:PolicyAttachment"
_SPARED: Final = (
    "account:*", "billing:*", "budgets:*", "ce:*", "health:*", "iam:*", "organizations:*", "sts:*", "support:*",
    "s3:GetAccountPublicAccessBlock", "s3:ListAllMyBuckets", "s3:PutAccountPublicAccessBlock",
)  # fmt: skip
_COPIES: Final = (
    "backup:StartCopyJob", "dynamodb:CreateGlobalTable", "ec2:CopyImage", "ec2:CopySnapshot",
    "ec2:ModifySnapshotAttribute", "kms:ReplicateKey", "rds:CopyDBSnapshot", "rds:ModifyDBSnapshotAttribute",
    "s3:CreateMultiRegionAccessPoint", "s3:PutAccelerateConfiguration", "s3:PutReplicationConfiguration",
    "s3:ReplicateObject", "secretsmanager:ReplicateSecretToRegions",
)  # fmt: skip
_TRAIL: Final = ("cloudtrail:DeleteTrail", "cloudtrail:PutEventSelectors", "cloudtrail:UpdateTrail")
_TELLING: Final = ("events:*", "sns:*")
_STOP: Final = "cloudtrail:StopLogging"
_HOLDING: Final = ("kms:Decrypt", "s3:GetObject", "s3:ListBucket", "s3:PutObject")

_OTHER: Final = frozenset({"StringNotEquals", "StringNotLike"})
_OTHER_ROLE: Final = _OTHER | {"ArnNotEquals", "ArnNotLike"}
"""Comparisons with plain values that say the same: that it is none of them."""

_Statement = Mapping[str, Any]


def organization_gaps(graph: Graph, declared: Declared) -> Iterator[Gap]:
    """What somebody could still do in an account, where the organization is managed by this stack."""
    asked = record(record(declared.deployment.get("legacy")).get("organization"))
    if not asked:
        return
    sites = record(record(declared.deployment.get("legacy")).get("sites"))
    for account in sorted({site.account for site in declared.sites.values()}):
        regions = {site.region.value for site in declared.sites.values() if site.account == account}
        deployers = {
            f"arn:aws:iam::{account}:role/{site['deployerRole']}"
            for site in sites.values()
            if str(site["accountId"]) == account
        }
        denials = _denials(graph, account)
        service = [it for kind, it in denials if kind == "SERVICE_CONTROL_POLICY"]
        resource = [it for kind, it in denials if kind == "RESOURCE_CONTROL_POLICY"]
        for what in (
            *_regions(service, regions, audited=bool(declared.archive)),
            *_always(service, _COPIES, "copies data"),
            *_always(service, (_STOP,), "stops the trail"),
            *_trail(service, deployers),
            *_strangers(resource, str(asked.get("id"))),
        ):
            yield Gap(urn="", rule=Rule.CONTROL, what=f"in account {account} {what}")


def _denials(graph: Graph, account: str) -> list[tuple[str, _Statement]]:
    """The denials attached to an account, each with its policy's kind; of what cannot be read there are none."""
    found: list[tuple[str, _Statement]] = []
    for node in graph.of(_ATTACHMENT):
        if node.inputs.get("targetId") != account:
            continue
        policies = graph.named(node, "policyId", node.inputs.get("policyId"), _POLICY)
        for policy in policies if len(policies) == 1 else ():
            kind = str(policy.inputs.get("type", "SERVICE_CONTROL_POLICY"))
            found += [(kind, statement) for statement in _read(policy.inputs.get("content"))]
    return found


def _read(content: object) -> list[_Statement]:
    try:
        document = cast("object", json.loads(str(content)))
    except ValueError:
        return []
    statements = records(listed(record(document).get("Statement")))
    return [it for it in statements if it.get("Effect") == "Deny" and {*map(str, listed(it.get("Resource")))} == {"*"}]


def _regions(denials: list[_Statement], regions: set[str], *, audited: bool) -> Iterator[str]:
    """Every call elsewhere; where there are trails, what tells of calls of IAM may be in Virginia, and nowhere else."""
    told = regions | {ARCHIVE_REGION.value}
    where = _OTHER, "aws:requestedregion"
    confined = all(any(_names(it, call) and _but(it, *where, told) for it in denials) for call in _TELLING)
    for it in denials:
        spared = {str(action).lower() for action in listed(it.get("NotAction", []))}
        near = _but(it, *where, regions) and not _but(it, *where, set())
        if near and spared and spared <= {it.lower() for it in (*_SPARED, *(_TELLING if audited and confined else ()))}:
            return
    yield "regions beside the sites' own can be used"


def _always(denials: list[_Statement], actions: tuple[str, ...], what: str) -> Iterator[str]:
    for action in actions:
        if not any(_names(it, action) and not it.get("Condition") for it in denials):
            yield f"{action}, which {what}, is not denied to everybody"


def _trail(denials: list[_Statement], deployers: set[str]) -> Iterator[str]:
    for action in _TRAIL:
        if not any(_names(it, action) and _but(it, _OTHER_ROLE, "aws:principalarn", deployers) for it in denials):
            yield f"{action} is not denied to everybody but who deploys"


def _strangers(denials: list[_Statement], organization: str) -> Iterator[str]:
    for action in _HOLDING:
        if not any(
            _names(it, action) and it.get("Principal") == "*" and _of_strangers(it, organization) for it in denials
        ):
            yield f"{action} is not denied to whoever is not of the organization"


def _names(statement: _Statement, action: str) -> bool:
    """Whether a deny is about a call, or a pattern of calls: it names it, or does not leave out any of it."""
    action = action.lower()
    if "NotAction" in statement:
        spared = [str(pattern).lower() for pattern in listed(statement["NotAction"])]
        return not any(fits(action, pattern) or fits(pattern, action) for pattern in spared)
    return any(fits(action, str(pattern).lower()) for pattern in listed(statement.get("Action", [])))


def _but(statement: _Statement, operators: frozenset[str], key: str, spared: set[str]) -> bool:
    """Whether nothing but this keeps a deny from holding, and for nobody but these."""
    if not statement.get("Condition"):
        return True
    compared = _compared(statement)
    return len(compared) == 1 and any(compared[0][:2] == (it, key) and compared[0][2] <= spared for it in operators)


def _of_strangers(statement: _Statement, organization: str) -> bool:
    """Whether a deny is about whoever is neither of the organization nor a service of AWS."""
    services = ("BoolIfExists", "aws:principalisawsservice", {"false"})
    return any(
        sorted(_compared(statement)) == [services, (it, "aws:principalorgid", {organization})] for it in sorted(_OTHER)
    )


def _compared(statement: _Statement) -> list[tuple[str, str, set[str]]]:
    """Operator, key in lower case and values of each comparison; that a key is absent no negative one minds anyway."""
    found: list[tuple[str, str, set[str]]] = []
    for operator, keys in record(statement.get("Condition")).items():
        name = operator.removesuffix("IfExists") if "Not" in operator else operator
        for key, values in (record(keys) or {"": []}).items():
            found.append((name, key.lower(), {*as_texts(values)}))
    return found
