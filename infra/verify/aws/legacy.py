"""What nobody but a site's own roles may be let do at a legacy site, asked of every policy there.

| of | nobody but | may |
|---|---|---|
| a bucket | the one role of the phase (of the reports' bucket none in BACKUP) | read objects, or list them |
| | that role and the deployer's | list current names |
| | nobody | reach it in plain text, or put an object that is encrypted otherwise than the bucket |
| a key | the one role of the phase | decrypt with it, or let others |
| the transfer's role | DataSync | assume it |
| the retirement's role | the operators' role | assume it |
| the restore's role | whom the stack file names | assume it |
| the archive of the trails | nobody | read, list its history or decrypt |
| | its deployer's role | list current names |

A restore that the stack file declares reads its one bucket beside them, until its end and from its network.

The policies of roles are not asked: whoever is not denied by a bucket counts as allowed. So does everybody whom a key
or a role lets in through their account, since policies there that nobody here sees would decide.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any, Final, NamedTuple

from infra.residency.lifecycle import Phase
from infra.verify.aws.request import Question
from infra.verify.declared import Declared, DeclaredSite
from infra.verify.graph import Graph, Node
from infra.verify.values import listed, record

BUCKET, BUCKET_POLICY = "aws:s3/bucket:Bucket", "aws:s3/bucketPolicy:BucketPolicy"
BLOCK, OWNERSHIP = (
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
)
KEY, ROLE = "aws:kms/key:Key", "aws:iam/role:Role"

READING: Final = tuple(
    f"s3:{name}"
    for name in (
        "getobject", "getobjectattributes", "getobjecttagging", "getobjecttorrent", "getobjectversion",
        "getobjectversionattributes", "getobjectversionforreplication", "getobjectversiontagging",
        "getobjectversiontorrent", "listmultipartuploadparts",
    )
)  # fmt: skip
"""Actions by which content, names or tags of objects are read (AWS's "Service Authorization Reference", S3)."""

LISTING: Final = ("s3:listbucket",)
HISTORY: Final = ("s3:listbucketversions", "s3:listbucketmultipartuploads")
WRITING: Final = ("s3:putobject",)
DECRYPTING: Final = ("kms:creategrant", "kms:decrypt", "kms:reencryptfrom", "kms:replicatekey")
ASSUMING: Final = ("sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity")

_NEVER: Final = (
    "aws:kms/grant:Grant",
    "aws:kms/keyPolicy:KeyPolicy",
    "aws:kms/replicaKey:ReplicaKey",
    "aws:s3/accessPoint:AccessPoint",
    "aws:s3/bucketAcl:BucketAcl",
    "aws:s3/bucketWebsiteConfiguration:BucketWebsiteConfiguration",
    "aws:s3/objectAcl:ObjectAcl",
    "aws:s3control/accessGrant:AccessGrant",
    "aws:s3control/accessPointPolicy:AccessPointPolicy",
    "aws:s3control/multiRegionAccessPoint:MultiRegionAccessPoint",
)
"""Types that let somebody in past the policies that are asked."""

_BLOCKS: Final = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


class Asked(NamedTuple):
    """A question to one document."""

    node: Node
    path: str
    document: object
    what: str
    question: Question


class Open(NamedTuple):
    """Something that lets in whom no policy is asked about."""

    node: Node
    path: str
    what: str


def asked(graph: Graph, declared: Declared) -> Iterator[Asked | Open]:
    """Every question to every document at the legacy sites, and what is open without one."""
    for node in graph.of(*ABOUT):
        yield from about(graph, node, declared)


ABOUT: Final = (BUCKET, KEY, ROLE, *_NEVER)
"""The types that something is asked of."""


def about(graph: Graph, node: Node, declared: Declared) -> Iterator[Asked | Open]:
    """What is asked of one resource."""
    if node.type == BUCKET:
        yield from _bucket(graph, declared, node, _site(graph, declared, node))
    elif node.type == KEY:
        site = _site(graph, declared, node)
        readers = (*_readers(declared, site), *_restorer(declared, site))
        question = Question(actions=DECRYPTING, resources=("*",), but=readers, open=False)
        yield _ask(node, "policy", node.inputs.get("policy"), "decrypt with it, or let others", question)
    elif node.type == ROLE:
        yield from _role(declared, node)
    else:
        yield Open(node=node, path="", what=f"{node.type} lets somebody in past the policies")


def _ask(node: Node, path: str, document: object, what: str, question: Question) -> Asked:
    return Asked(node=node, path=path, document=document, what=what, question=question)


def _site(graph: Graph, declared: Declared, node: Node) -> DeclaredSite | None:
    """The site that a resource is at; None where it is at none."""
    provider = graph.provider_of(node)
    region = node.inputs.get("region") or (provider.inputs.get("region") if provider else None)
    accounts: Any = provider.inputs.get("allowedAccountIds") if provider else None
    own = (it for it in declared.sites.values() if it.region.value == region and it.account in str(accounts))
    return next(own, None)


def _arn(site: DeclaredSite, role: str) -> str:
    return f"arn:aws:iam::{site.account}:role/{role}"


def _readers(declared: Declared, site: DeclaredSite | None) -> tuple[str, ...]:
    """The one role that works on objects in the site's phase."""
    if site is None or not site.phase.has_holders:
        return ()
    duty = "transfer" if site.phase is Phase.BACKUP else "retire"
    return (_arn(site, f"{declared.organization}-{duty}-{site.name}"),)


def _restorer(declared: Declared, site: DeclaredSite | None, bucket: str = "") -> tuple[str, ...]:
    """The role that reads a bucket back, or, of no bucket in particular, any; none where nothing is restored."""
    if site is None:
        return ()
    given = record(declared.deployment["legacy"]["sites"][site.name])
    asked = record(given.get("restore"))
    dataset = str(asked.get("dataset"))
    restored = str(record(given.get("adopt")).get(dataset, f"{declared.organization}-{dataset}-"))
    if not asked or not bucket.startswith(restored if bucket else ""):
        return ()
    return (_arn(site, f"{declared.organization}-restore-{site.name}"),)


def _bucket(graph: Graph, declared: Declared, node: Node, site: DeclaredSite | None) -> Iterator[Asked | Open]:
    name = str(node.inputs.get("bucket"))
    arn = f"arn:aws:s3:::{name}"
    reports = "-reports-" in name
    idle = reports and site is not None and site.phase is Phase.BACKUP
    workers = () if idle else _readers(declared, site)
    restorers = () if idle else _restorer(declared, site, name)
    deployer = (_arn(site, str(declared.deployment["legacy"]["sites"][site.name]["deployerRole"])),) if site else ()
    if site is None and name == declared.archive_bucket:
        archive = declared.deployment["audit"]["archive"]
        deployer = (f"arn:aws:iam::{declared.archive}:role/{archive['deployerRole']}",)
    policies = graph.called(BUCKET_POLICY, "bucket", name)
    if len(policies) != 1:
        yield Open(node=node, path="policy", what=f"{len(policies)} policies instead of one keep {name} closed")
    closed = [
        ("read its objects", _closed(READING, f"{arn}/*", workers)),
        ("list its older versions and uploads", _closed(HISTORY, arn, workers)),
        ("list it", _closed(LISTING, arn, (*workers, *deployer))),
    ]
    asked = [(what, it._replace(but=(*it.but, *restorers))) for what, it in closed]
    if site is not None:
        asked += _carried(arn)
    for policy, (what, question) in product(policies, asked):
        yield _ask(policy, "policy", policy.inputs.get("policy"), what, question)
    if site is not None and restorers:
        for policy, (when, beside) in product(policies, _beyond(declared, site)):
            document = _less(policy.inputs.get("policy"), beside)
            yield from (_ask(policy, "policy", document, f"{what} {when}", question) for what, question in closed)
    yield from _published(graph, node, name)


def _closed(actions: tuple[str, ...], place: str, but: tuple[str, ...] = (), *given: tuple[str, str]) -> Question:
    """Whether anybody but some is not denied something."""
    return Question(actions=actions, resources=(place,), but=but, open=True, given=given)


def _beyond(declared: Declared, site: DeclaredSite) -> Iterator[tuple[str, tuple[Mapping[str, Any], ...]]]:
    """When and from where a restore is meant, as conditions, of which one has to hold; what is left is not."""
    asked = declared.deployment["legacy"]["sites"][site.name]["restore"]
    until, own = f"{asked['until']}T00:00:00Z", declared.deployment["access"]["networks"][asked["network"]]
    yield (
        "after the restore's end",
        (
            {"DateLessThan": {"aws:CurrentTime": until}},
            {"Null": {"aws:CurrentTime": "true"}},  # there is no such request
        ),
    )
    yield "from elsewhere", ({"IpAddress": {"aws:SourceIp": [*own.values()]}},)


def _less(document: object, conditions: Iterable[Mapping[str, Any]]) -> object:
    """A policy that also denies whatever meets one of some conditions; the same where it cannot be read."""
    try:
        policy: dict[str, Any] = json.loads(str(document))
        more = [
            {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*", "Condition": it} for it in conditions
        ]
        return json.dumps({**policy, "Statement": [*listed(policy["Statement"]), *more]})
    except (KeyError, TypeError, ValueError):
        return document


def _carried(arn: str) -> Iterator[tuple[str, Question]]:
    """What nobody at all may do to a backup: reach it in plain text, or put what is encrypted in another way."""
    plain, tls = ("aws:securetransport", "false"), ("aws:securetransport", "true")
    yield "reach its objects in plain text", _closed((*READING, *WRITING), f"{arn}/*", (), plain)
    yield "list it in plain text", _closed((*LISTING, *HISTORY), arn, (), plain)
    for key in ("s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-customer-algorithm"):
        yield "encrypt otherwise than the bucket", _closed(WRITING, f"{arn}/*", (), tls, (key, "AES256"))


def _published(graph: Graph, node: Node, name: str) -> Iterator[Open]:
    """What would let the public, or access lists, into a bucket."""
    for own in ("acl", "grants", "policy", "website"):
        if node.inputs.get(own):
            yield Open(node=node, path=own, what=f"{own} of the bucket itself")
    blocks = graph.called(BLOCK, "bucket", name)
    if not any(all(it.inputs.get(flag) is True for flag in _BLOCKS) for it in blocks):
        where = blocks[0] if blocks else node
        yield Open(node=where, path="blockPublicPolicy", what=f"{name} does not block the public")
    rules = [record(it.inputs.get("rule")) for it in graph.called(OWNERSHIP, "bucket", name)]
    if not any(rule.get("objectOwnership") == "BucketOwnerEnforced" for rule in rules):
        yield Open(node=node, path="objectOwnership", what=f"access lists count in {name}")


def _role(declared: Declared, node: Node) -> Iterator[Asked]:
    """Who may act as a site's own roles; what others may do is denied by the buckets."""
    for site in declared.sites.values():
        operator = declared.deployment["legacy"]["sites"][site.name].get("operatorRole")
        assumed_by = {
            f"{declared.organization}-transfer-{site.name}": ("service:datasync.amazonaws.com",),
            f"{declared.organization}-retire-{site.name}": (_arn(site, str(operator)),) if operator else (),
        }
        restore = record(declared.deployment["legacy"]["sites"][site.name].get("restore"))
        if restore:
            assumed_by[f"{declared.organization}-restore-{site.name}"] = (_arn(site, str(restore["role"])),)
        allowed = assumed_by.get(str(node.inputs.get("name")))
        if allowed is not None:
            question = Question(actions=ASSUMING, resources=("*",), but=allowed, open=False)
            yield _ask(node, "assumeRolePolicy", node.inputs.get("assumeRolePolicy"), "act as it", question)
