"""Access at the legacy sites: nobody but the declared roles can reach a backup or its key, from the resources alone.

Every policy document is read from its text and asked, not trusted: does a bucket's policy keep a stranger of the same
account from reading, its root from listing versions, another account from writing; can a key be used by anybody but
the site's one role, or administered by who uses it; can a service be asked to act by somebody else? The world is
closed: a type of IAM that is not modelled here is a leak, and so is a document that is not known yet.

What it does not prove: what policies that this stack does not make allow a role (the deployer's own), and that AWS
evaluates documents as its documentation says.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from infra.residency.lifecycle import KEY_DELETION_DAYS, Phase
from infra.residency.regions import LegacyRegion
from infra.verify.aws_documents import ABSENT, Statement, UnreadableError, may_speak, must_speak, parse
from infra.verify.graph import UNKNOWN, Graph, Node

BUCKET = "aws:s3/bucket:Bucket"
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
KEY = "aws:kms/key:Key"
ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"

_MODELLED = frozenset({ROLE, ROLE_POLICY})
_IDENTITY = ("aws:iam/", "aws:organizations/", "aws:ssoadmin/", "aws:identitystore/", "aws:rolesanywhere/", "aws:ram/")
"""Beginnings of the types that let somebody in, of which all but the modelled ones are leaks."""

_NEVER = frozenset(
    {
        "aws:kms/grant:Grant",
        "aws:kms/keyPolicy:KeyPolicy",
        "aws:s3/accessPoint:AccessPoint",
        "aws:s3/bucketAcl:BucketAcl",
        "aws:s3/bucketAclV2:BucketAclV2",
        "aws:s3control/accessGrant:AccessGrant",
        "aws:s3control/accessPointPolicy:AccessPointPolicy",
        "aws:s3control/multiRegionAccessPointPolicy:MultiRegionAccessPointPolicy",
    }
)
"""Other ways past a bucket's or a key's own policy."""

_READS = ("s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectTagging", "s3:ListBucketVersions")
_LISTS = ("s3:ListBucket",)
_USES = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyPair", "kms:ReEncryptFrom")
_ADMINISTERS = ("kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:CreateAlias", "kms:DisableKey")
_NOBODY = ("kms:CreateGrant", "kms:ReplicateKey", "kms:ImportKeyMaterial", "kms:UpdatePrimaryRegion")
_FLAGS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
_ELSEWHERE = "999999999999"
"""An account that is nobody's here."""


class Rule(StrEnum):
    """What can be wrong."""

    ACTION = "action"
    DOCUMENT = "document"
    KEY = "key"
    PUBLIC = "public"
    READER = "reader"
    RESOURCE = "resource"
    SERVICE = "service"
    STRANGER = "stranger"
    TYPE = "type"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Leak:
    """One grant too many, or one thing that cannot be shown to be none."""

    urn: str
    rule: Rule
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A legacy site as the stack's own configuration declares it.

    Attributes:
        name: of the site, and of its key.
        worker: name of the one role that works on objects.
        deployer: name of the role that deploys, and lists current names.
        operator: name of the role of those who retire it; empty in BACKUP.
        buckets: patterns of its buckets' names.
        alias: of its key.
    """

    name: str
    region: LegacyRegion
    account: str
    phase: Phase
    worker: str
    deployer: str
    operator: str
    buckets: tuple[str, ...]
    alias: str

    def role(self, name: str) -> str:
        """The ARN of a role of its account."""
        return f"arn:aws:iam::{self.account}:role/{name}"

    def has(self, bucket: str) -> bool:
        """Whether a bucket is one of its own."""
        return any(fnmatchcase(bucket, pattern) for pattern in self.buckets)


def declared(deployment: Mapping[str, Any]) -> tuple[Site, ...]:
    """The sites of a deployment value that the planner has found right, but for the closed ones."""
    organization = str(deployment["organization"])
    found: list[Site] = []
    for name, site in sorted(deployment["legacy"]["sites"].items()):
        phase, region = Phase(site["phase"]), LegacyRegion(site["region"])
        account = str(site["accountId"])
        if phase.has_holders:
            found.append(
                Site(
                    name=name,
                    region=region,
                    account=account,
                    phase=phase,
                    worker=f"{organization}-{'transfer' if phase is Phase.BACKUP else 'retire'}-{name}",
                    deployer=str(site["deployerRole"]),
                    operator="" if phase is Phase.BACKUP else str(site["operatorRole"]),
                    buckets=(
                        f"{organization}-*-{region.facts.key}-{account}",
                        *sorted(str(bucket) for bucket in site.get("adopt", {}).values()),
                    ),
                    alias=f"alias/{organization}-backup-{name}",
                )
            )
    return tuple(found)


def leaks(found: Graph, sites: tuple[Site, ...]) -> tuple[Leak, ...]:
    """Every leak, sorted."""
    check = _Check(found, sites)
    parts = (check.types(), check.buckets(), check.keys(), check.roles(), check.role_policies())
    return tuple(sorted({leak for part in parts for leak in part}))


@dataclass(frozen=True, slots=True)
class _Check:
    graph: Graph
    sites: tuple[Site, ...]

    def types(self) -> Iterator[Leak]:
        """Nobody gets in by another way."""
        for urn, node in sorted(self.graph.nodes.items()):
            if node.type in _NEVER or (node.type.startswith(_IDENTITY) and node.type not in _MODELLED):
                yield Leak(urn=urn, rule=Rule.TYPE, what=f"{node.type} lets somebody in past the policies")

    def buckets(self) -> Iterator[Leak]:
        """Each bucket has a policy that keeps strangers away, and a block on publicity."""
        policies = {str(node.inputs.get("bucket")): node for node in self.graph.of(BUCKET_POLICY)}
        blocks = {str(node.inputs.get("bucket")): node for node in self.graph.of(BLOCK)}
        for node in self.graph.of(BUCKET):
            name = str(node.inputs.get("bucket"))
            site = next((it for it in self.sites if it.has(name)), None)
            if site is None:
                continue  # no backup: the audit trail's, or another's, which other checks are about
            block = blocks.get(name)
            if block is None or not all(block.inputs.get(flag) is True for flag in _FLAGS):
                yield Leak(urn=node.urn, rule=Rule.PUBLIC, what=f"{name} is not closed to the public")
            if name not in policies:
                yield Leak(urn=node.urn, rule=Rule.READER, what=f"{name} has no policy: its account decides who reads")
        for name, node in sorted(policies.items()):
            site = next((it for it in self.sites if it.has(name)), None)
            if site is not None:
                yield from self._document(node, "policy", lambda it, name=name, site=site: _bucket(site, name, it))

    def keys(self) -> Iterator[Leak]:
        """Each key is of one region, waits as long as it can, and has two hands."""
        for node in self.graph.of(KEY):
            site = next((it for it in self.sites if it.name == node.name), None)
            if site is None:
                continue  # no backup's: the audit trail's, which other checks are about
            if node.inputs.get("multiRegion") is not False or node.inputs.get("region") != site.region:
                yield Leak(urn=node.urn, rule=Rule.KEY, what="a key that is, or can be copied, elsewhere")
            if node.inputs.get("deletionWindowInDays") != KEY_DELETION_DAYS:
                yield Leak(urn=node.urn, rule=Rule.KEY, what=f"a key that is gone before {KEY_DELETION_DAYS} days")
            if node.inputs.get("enableKeyRotation") is not True:
                yield Leak(urn=node.urn, rule=Rule.KEY, what="a key that never rotates")
            yield from self._document(node, "policy", lambda it, site=site: _key(site, it))

    def roles(self) -> Iterator[Leak]:
        """Each role is acted as by the one that its phase names."""
        for node in self.graph.of(ROLE):
            for extra in ("managedPolicyArns", "inlinePolicies"):
                if node.inputs.get(extra):
                    yield Leak(urn=node.urn, rule=Rule.ACTION, what=f"{extra}: what a role may do stands elsewhere too")
            site = self._worker(str(node.inputs.get("name")))
            if site is not None:
                yield from self._document(
                    node, "assumeRolePolicy", lambda it, site=site: _trust(site, it), what="whoever assumes it"
                )

    def role_policies(self) -> Iterator[Leak]:
        """Each role's own policy is about the site's own buckets and key."""
        for node in self.graph.of(ROLE_POLICY):
            site = self._worker(str(node.inputs.get("role")))
            if site is not None:
                yield from self._document(node, "policy", lambda it, site=site: _work(site, it))

    def _worker(self, role: str) -> Site | None:
        return next((it for it in self.sites if it.worker == role), None)

    def _document(self, node: Node, field: str, judge: Any, what: str = "whatever it says") -> Iterator[Leak]:
        text: object = node.inputs.get(field)
        if not isinstance(text, str) or text == UNKNOWN or UNKNOWN in text:
            yield Leak(urn=node.urn, rule=Rule.DOCUMENT, what=f"a policy that is not known yet: {what}")
            return
        try:
            statements = parse(text)
        except UnreadableError as error:
            yield Leak(urn=node.urn, rule=Rule.DOCUMENT, what=f"a policy that cannot be read: {error}")
            return
        for rule, said in judge(statements):
            yield Leak(urn=node.urn, rule=rule, what=said)


def _touches(statement: Statement, calls: tuple[str, ...]) -> bool:
    return any(fnmatchcase(call.lower(), pattern.lower()) for call in calls for pattern in statement.actions)


def _strangers(site: Site) -> dict[str, dict[str, str]]:
    """Callers that have no business here, as calls that come over TLS."""
    callers = {
        "a role of the account": site.role("stranger"),
        "the account's root": f"arn:aws:iam::{site.account}:root",
        "another account": f"arn:aws:iam::{_ELSEWHERE}:role/{site.worker}",
    }
    return {who: {"aws:principalarn": arn, "aws:securetransport": "true"} for who, arn in callers.items()}


def _bucket(site: Site, bucket: str, statements: tuple[Statement, ...]) -> Iterator[tuple[Rule, str]]:
    arn, objects = f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/name"

    def denied(call: str, caller: Mapping[str, str]) -> bool:
        resource = arn if call.startswith("s3:List") else objects
        return any(
            it.denies
            and ("*", "*") in it.principals
            and _touches(it, (call,))
            and any(fnmatchcase(resource, pattern) for pattern in it.resources)
            and must_speak(it, caller)
            for it in statements
        )

    callers = {**_strangers(site), "the deployer": {**_strangers(site)["another account"]}}
    callers["the deployer"]["aws:principalarn"] = site.role(site.deployer)
    for who, caller in callers.items():
        calls = _READS if who == "the deployer" else (*_READS, *_LISTS)
        for call in calls:
            if not denied(call, caller):
                yield Rule.READER, f"{who} is not kept from {call}"
    for call in ("s3:GetObject", "s3:PutObject", "s3:ListBucket"):
        if not denied(call, {"aws:securetransport": "false"}):
            yield Rule.READER, f"{call} in plain text is not refused"
    for statement in statements:
        if not statement.denies:
            yield from _service(site, statement, "s3.amazonaws.com")
            if set(statement.actions) != {"s3:PutObject"}:
                yield Rule.ACTION, f"{statement.sid}: more than delivering inventories"
            if statement.resources != (f"{arn}/*",):
                yield Rule.RESOURCE, f"{statement.sid}: about something else than {bucket}"


def _key(site: Site, statements: tuple[Statement, ...]) -> Iterator[tuple[Rule, str]]:
    users: set[str] = set()
    administrators: set[str] = set()
    for statement in statements:
        if statement.denies:
            continue
        for action in statement.actions:
            if action in {"*", "kms:*"}:
                yield Rule.ACTION, f"{statement.sid}: every call there is"
        if _touches(statement, _NOBODY):
            yield Rule.ACTION, f"{statement.sid}: a key that can be lent out or carried away"
        if statement.resources != ("*",):
            yield Rule.RESOURCE, f"{statement.sid}: about something else than this key"
        if any(kind == "Service" for kind, _ in statement.principals):
            yield from _service(site, statement, "s3.amazonaws.com")
            if set(statement.actions) != {"kms:GenerateDataKey*"}:
                yield Rule.ACTION, f"{statement.sid}: more than encrypting inventories"
            continue
        yield from _people(site, statement, {site.worker, site.deployer})
        names = {name for _, name in statement.principals}
        if _touches(statement, _USES):
            users |= names
            if may_speak(statement, {"kms:viaservice": ABSENT}):
                yield Rule.KEY, f"{statement.sid}: the key by itself, not through S3 of the site"
            if may_speak(statement, {"kms:viaservice": "s3.eu-west-1.amazonaws.com"}):
                yield Rule.KEY, f"{statement.sid}: the key through another service or region"
        if _touches(statement, _ADMINISTERS):
            administrators |= names
            if _touches(statement, ("kms:ScheduleKeyDeletion",)) and site.phase is not Phase.WIPE:
                yield Rule.KEY, f"{statement.sid}: the key may be given up while backups rest on it"
    for name in sorted(users & administrators):
        yield Rule.KEY, f"{name.rpartition('/')[2]} administers the key and uses it"
    if site.role(site.deployer) in users:
        yield Rule.KEY, "the deployer uses the key"


def _trust(site: Site, statements: tuple[Statement, ...]) -> Iterator[tuple[Rule, str]]:
    for statement in statements:
        if statement.denies:
            continue
        if set(statement.actions) != {"sts:AssumeRole"}:
            yield Rule.ACTION, f"{statement.sid}: more than acting as the role"
        if site.phase is Phase.BACKUP:
            yield from _service(site, statement, "datasync.amazonaws.com")
        else:
            yield from _people(site, statement, {site.operator})


def _work(site: Site, statements: tuple[Statement, ...]) -> Iterator[tuple[Rule, str]]:
    for statement in statements:
        if statement.denies:
            continue
        for action in statement.actions:
            if action.endswith(":*") or action == "*":
                yield Rule.ACTION, f"{statement.sid}: every call there is"
            elif not action.startswith(("s3:", "kms:")):
                yield Rule.ACTION, f"{statement.sid}: {action}, which is no work on a backup"
            elif action.startswith(("s3:PutBucket", "s3:DeleteBucket", "s3:PutLifecycle", "s3:PutEncryption")):
                yield Rule.ACTION, f"{statement.sid}: {action} changes what guards the backup"
        if _touches(statement, _NOBODY) or _touches(statement, _ADMINISTERS):
            yield Rule.KEY, f"{statement.sid}: the site's role would administer the key"
        if not statement.resources:
            yield Rule.RESOURCE, f"{statement.sid}: about nothing in particular"
        for resource in statement.resources:
            yield from ((Rule.RESOURCE, f"{statement.sid}: {it}") for it in _foreign(site, statement, resource))


def _foreign(site: Site, statement: Statement, resource: str) -> Iterator[str]:
    if resource.startswith("arn:aws:s3:::"):
        bucket = resource.removeprefix("arn:aws:s3:::").partition("/")[0]
        if bucket not in site.buckets and not ("*" not in bucket and site.has(bucket)):
            yield f"{resource} is not the site's"
    elif resource.startswith(f"arn:aws:kms:{site.region}:{site.account}:key/"):
        if may_speak(statement, {"kms:resourcealiases": "alias/another"}) or may_speak(
            statement, {"kms:resourcealiases": ABSENT}
        ):
            yield f"{resource}, whatever key that is"
    else:
        yield f"{resource} is not the site's"


def _people(site: Site, statement: Statement, names: set[str]) -> Iterator[tuple[Rule, str]]:
    """Principals of kind AWS are these roles, by name or by a condition on who it is."""
    known = {site.role(name) for name in names if name}
    if not statement.principals:
        yield Rule.STRANGER, f"{statement.sid}: nobody in particular"
    for kind, name in statement.principals:
        if (kind, name) == ("AWS", f"arn:aws:iam::{site.account}:root"):
            for who, caller in {**_strangers(site), "a caller that does not say who it is": {}}.items():
                asked = {"aws:principalarn": ABSENT, **caller}
                if who != "another account" and may_speak(statement, asked):
                    yield Rule.STRANGER, f"{statement.sid}: {who}"
        elif kind != "AWS" or name not in known:
            yield Rule.STRANGER, f"{statement.sid}: {name}"


def _service(site: Site, statement: Statement, service: str) -> Iterator[tuple[Rule, str]]:
    """A service, acting for the site's own account and resources only."""
    if statement.principals != (("Service", service),):
        yield Rule.STRANGER, f"{statement.sid}: somebody else than {service}"
        return
    asked = {
        "for another account": {"aws:sourceaccount": _ELSEWHERE},
        "for nobody in particular": {"aws:sourceaccount": ABSENT},
        "for a resource of others": {"aws:sourcearn": f"arn:aws:s3:::{_ELSEWHERE}-bucket"},
        "for no resource in particular": {"aws:sourcearn": ABSENT},
        "for a task elsewhere": {"aws:sourcearn": f"arn:aws:datasync:eu-west-1:{_ELSEWHERE}:task/task-1"},
    }
    for what, call in asked.items():
        if may_speak(statement, call):
            yield Rule.SERVICE, f"{statement.sid}: {service} {what}"
