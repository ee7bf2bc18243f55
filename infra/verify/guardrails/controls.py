"""Single requests in the sites' accounts, against one statement of a control policy at a time: the slow decider there.

It shares no rule with `organization`: documents are played on `aws.replay`. Each call that a statement names, and some
that nobody names, is asked in each region, as each role and from each organization that a statement names, and as
nobody's. A guard is one statement that stops all of what it is for, and nothing that must go on. One that has
something in it that is not asked about here stops nothing.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import product
from typing import Any, Final, NamedTuple, cast

from infra.verify.aws.replay import compiled
from infra.verify.aws.request import Request
from infra.verify.declared import Declared
from infra.verify.graph import Graph
from infra.verify.guardrails.gap import Rule
from infra.verify.search import Opinion, Search, seen
from infra.verify.values import listed, record, records

_AT_HOME: Final = (
    "account:", "billing:", "budgets:", "ce:", "health:", "iam:", "organizations:", "sts:", "support:",
    "s3:GetAccountPublicAccessBlock", "s3:ListAllMyBuckets", "s3:PutAccountPublicAccessBlock",
)  # fmt: skip
"""Beginnings of calls that have no region, or hold nothing."""
_ANYWHERE: Final = ("ec2:RunInstances", "kms:CreateKey", "lambda:CreateFunction", "s3:CreateBucket")
"""Calls that have a region."""
_TELLING: Final = ("events:PutRule", "events:PutTargets", "sns:CreateTopic", "sns:Publish")
_COPYING: Final = (
    "backup:StartCopyJob", "dynamodb:CreateGlobalTable", "ec2:CopyImage", "ec2:CopySnapshot",
    "ec2:ModifySnapshotAttribute", "kms:ReplicateKey", "rds:CopyDBSnapshot", "rds:ModifyDBSnapshotAttribute",
    "s3:CreateMultiRegionAccessPoint", "s3:PutAccelerateConfiguration", "s3:PutReplicationConfiguration",
    "s3:ReplicateObject", "secretsmanager:ReplicateSecretToRegions", "cloudtrail:StopLogging",
)  # fmt: skip
"""What nobody may do, and stop what records it."""
_CHANGING: Final = ("cloudtrail:DeleteTrail", "cloudtrail:PutEventSelectors", "cloudtrail:UpdateTrail")
_READING: Final = ("kms:Decrypt", "s3:GetObject", "s3:ListBucket", "s3:PutObject")

_ASKED: Final = {
    "String": {"aws:requestedregion", "aws:principalorgid", "aws:principalarn"},
    "Arn": {"aws:principalarn"},
    "Bool": {"aws:principalisawsservice"},
}
"""The keys that are asked about here, by what they are compared as: `ArnNotLike` as an ARN."""
_COMPARED: Final = re.compile(r"(String|Arn)Not(?:Equals|Like)(?:IfExists)?|(Bool)IfExists")

_PLACE: Final = "arn:aws:x:::y"
"""Something that it is asked of; guards are about everything."""

Guard = Callable[[Request], bool]


def passing(graph: Graph, declared: Declared) -> Iterator[Opinion]:
    """Everything that can be tried in an account of a site and is not stopped, where its organization is managed."""
    legacy = record(declared.deployment.get("legacy"))
    organization, sites = record(legacy.get("organization")), [*map(record, record(legacy.get("sites")).values())]
    for account in {str(it.get("accountId")) for it in sites} if organization else ():
        ours = [it for it in sites if str(it.get("accountId")) == account]
        site = _Site(
            account=account,
            organization=str(organization.get("id")),
            regions=frozenset(str(it.get("region")) for it in ours),
            deployers=frozenset(f"arn:aws:iam::{account}:role/{it.get('deployerRole')}" for it in ours),
            audited=bool(declared.archive),
        )
        yield from (seen("", Rule.CONTROL, account, it) for it in _let(site, _attached(graph, account)))


class _Site(NamedTuple):
    """An account of sites, by what is declared of it."""

    account: str
    organization: str
    regions: frozenset[str]
    deployers: frozenset[str]
    audited: bool


def _attached(graph: Graph, account: str) -> tuple[tuple[str, str], ...]:
    """Kind and document of each policy that an account is under."""
    search, found = Search(graph, "aws"), list[tuple[str, str]]()
    for node in search.of("PolicyAttachment"):
        policies = search.meant(node, "policyId", node.inputs.get("policyId"), "Policy")
        policies = [it for it in policies if it.type.startswith("aws:organizations/")]
        if len(policies) == 1 and node.inputs.get("targetId") == account:
            kind = str(policies[0].inputs.get("type", "SERVICE_CONTROL_POLICY"))
            found.append((kind, str(policies[0].inputs.get("content"))))
    return tuple(found)


@lru_cache(maxsize=256)
def _let(site: _Site, attached: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """What somebody can do in an account that its documents should stop."""
    tried = _Account(site, attached)
    return (
        *(() if tried.confined() else ("regions",)),
        *tried.let(_COPYING, but=set()),
        *tried.let(_CHANGING, but=set(site.deployers)),
        *tried.strangers(),
    )


class _Account:
    """An account under its documents, in which somebody tries."""

    def __init__(self, site: _Site, attached: tuple[tuple[str, str], ...]) -> None:
        self.site, self.regions, self.raw = site, set(site.regions), dict[str, list[Mapping[str, Any]]]()
        for kind, content in attached:
            self.raw.setdefault(kind, []).extend(_denies(content))
        self.principals = {f"arn:aws:iam::{site.account}:role/nobodys", f"arn:aws:iam::{site.account}:root"}
        self.principals |= site.deployers
        self.members: list[dict[str, str]] = [
            {},
            {"aws:principalorgid": site.organization, "aws:principalisawsservice": "false"},
            {"aws:principalisawsservice": "true"},
        ]
        self.abroad = {"eu-west-1"}
        for it in self.raw.get("SERVICE_CONTROL_POLICY", ()):
            self.principals.update(_named(it, "aws:principalarn"))
            self.abroad.update(_named(it, "aws:requestedregion"))

    def guards(self, kind: str) -> list[tuple[Mapping[str, Any], Guard]]:
        """Each denying statement of policies of a kind with whether it stops a request."""
        both = ((it, _guard(it)) for it in self.raw.get(kind, ()))
        return [(it, guard) for it, guard in both if guard is not None]

    def requests(self, calls: Iterable[str], regions: Iterable[str], but: set[str]) -> list[Request]:
        """Calls in regions, as anybody but some."""
        return [
            Request(principal=who, action=call.lower(), resource=_PLACE, context={"aws:requestedregion": where, **of})
            for call, where, who, of in product(
                sorted(calls), sorted(regions), sorted(self.principals - but), self.members
            )
        ]

    def let(self, calls: tuple[str, ...], but: set[str]) -> Iterator[str]:
        """The calls that no one statement stops, in whatever region and by whomever but some."""
        guards = self.guards("SERVICE_CONTROL_POLICY")
        for call in calls:
            tries = self.requests([call], self.abroad | self.regions, but)
            if not any(all(map(guard, tries)) for _, guard in guards):
                yield call

    def confined(self) -> bool:
        """Whether one statement stops every call abroad, not all at home; what tells may be in Virginia, by another."""
        guards, told = self.guards("SERVICE_CONTROL_POLICY"), self.regions | {"us-east-1"}
        kept = set[str]()
        for call in _TELLING if self.site.audited else ():
            tries = self.requests([call], self.abroad - told, set())
            kept |= {call} if any(all(map(guard, tries)) for _, guard in guards) else set()
        spared = tuple(map(str.lower, (*_AT_HOME, *(("events:", "sns:") if kept == {*_TELLING} else ()))))
        for raw, guard in guards:
            named = {str(it).replace("*", "Nobodys") for it in listed(raw.get("NotAction", []))}
            calls = {it for it in {*_ANYWHERE, *_TELLING, *named} if not it.lower().startswith(spared)}
            stops = all(map(guard, self.requests(calls, self.abroad - self.regions, set())))
            if stops and not all(map(guard, self.requests(_ANYWHERE, self.regions, set()))):
                return True
        return False

    def strangers(self) -> Iterator[str]:
        """The calls that no one statement keeps strangers from, and nobody else."""
        organization = self.site.organization
        guards = [guard for it, guard in self.guards("RESOURCE_CONTROL_POLICY") if it.get("Principal") == "*"]
        named = {name for it in self.raw.get("RESOURCE_CONTROL_POLICY", ())
                 for name in _named(it, "aws:principalorgid")}  # fmt: skip
        contexts = [{"aws:principalorgid": it, "aws:principalisawsservice": "false"}
                    for it in {*named, "o-nobodys"} - {organization}]  # fmt: skip
        contexts += [{"aws:principalisawsservice": "false"}, {}]
        ours = [{"aws:principalorgid": organization, "aws:principalisawsservice": "false"},
                {"aws:principalisawsservice": "true"}]  # fmt: skip
        for call in _READING:
            kept, let = ([Request(principal="arn:aws:iam::999999999999:role/x", action=call.lower(),
                                  resource=_PLACE, context=it) for it in each]
                         for each in (contexts, ours))  # fmt: skip
            if not any(all(map(guard, kept)) and not any(map(guard, let)) for guard in guards):
                yield call


def _denies(content: str) -> list[Mapping[str, Any]]:
    """What a document denies; nothing where it is none."""
    try:
        document = record(cast("object", json.loads(content)))
    except ValueError:
        return []
    return [it for it in records(listed(document.get("Statement"))) if it.get("Effect") == "Deny"]


def _named(statement: Mapping[str, Any], key: str) -> list[str]:
    """The values that conditions compare a key, in lower case, with."""
    compared = [keys.items() for keys in map(record, record(statement.get("Condition")).values())]
    return [str(it) for keys in compared for name, values in keys if name.lower() == key for it in listed(values)]


def _guard(statement: Mapping[str, Any]) -> Guard | None:
    """Whether a statement stops a request; None where it is none, or where not everything in it is asked about."""
    conditions = statement.get("Condition", {})
    asked = isinstance(conditions, dict) and all(
        isinstance(keys, dict) and set() < {it.lower() for it in cast("dict[str, Any]", keys)} <= _asked(operator)
        for operator, keys in cast("dict[str, Any]", conditions).items()
    )
    arns = all(it.startswith("arn:") for it in _named(statement, "aws:principalarn"))
    everything = {*map(str, listed(statement.get("Resource", [])))} == {"*"}
    about = ("Action" in statement) is not ("NotAction" in statement) and everything
    if not (asked and arns and about):
        return None
    admits = compiled(json.dumps({"Statement": [{**statement, "Principal": "*"}]}), open_=True)
    return lambda request: not admits(request)


def _asked(operator: str) -> set[str]:
    """The keys that are asked about here when they are compared in a way."""
    found = _COMPARED.fullmatch(operator)
    return _ASKED[found[1] or found[2]] if found else set()
