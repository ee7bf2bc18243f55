"""T7: a legacy site is in a phase that is legal and not over, and nothing that holds data goes without its receipt.

A site's phase is the one that is deployed or the next, and begins with backup; while it has holders its expiry lies
ahead. Wipe rests on a signed comparison, closed on a signed emptiness. A bucket, key or vault is deleted at a closed
site only, is never replaced, and is not left behind in the cloud. What holds data is protected and retained, and no
rule expires its objects, until its site is wiped. What guards a bucket is not taken from it while the bucket stays.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from infra.residency.lifecycle import Phase
from infra.verify.context import Context
from infra.verify.declared import Declared, DeclaredSite
from infra.verify.graph import Graph, Node
from infra.verify.models import HOLDERS, s3
from infra.verify.models import object_storage as oracle
from infra.verify.models.place import accounts_of, place_of
from infra.verify.receipts import Receipt, Subject, UnbelievedError, believed
from infra.verify.search import Opinion, opinion, worst
from infra.verify.values import record, records
from infra.verify.verdict import Answer, Counterexample, Findings, Missing, Verdict, missing, refuted

ID: Final = "T7"
TITLE: Final = "lifecycle"
ASSUMPTIONS: Final = (
    "an engine does to a resource what its preview says, and in an order that its dependencies allow",
    "a receipt's signers looked at what they signed",
    "the day given is today",
)
OUTPUT: Final = "legacySites"
"""The stack output that says how far each site has got."""

_STACK: Final = "pulumi:pulumi:Stack"
_NEEDED: Final = {Phase.WIPE: "comparison", Phase.CLOSED: "empty"}
_REPLACED: Final = frozenset({"replace", "delete-replaced", "import-replacement", "discard-replaced"})
_FORGOTTEN: Final = frozenset({"discard"})
_OLD: Final = frozenset({"previous-object-versions", "multipart-uploads"})
GUARDS: Final = (
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketVersioning:BucketVersioning",
)
"""What guards a bucket, each naming it by its input `bucket`."""


def decide(context: Context) -> Verdict:
    """Judge each site, then everything that goes, then what stays, by type."""
    findings, graph = Findings(), context.graph
    before = deployed_phases(context)
    rests: dict[str, list[str]] = {}
    for site in context.declared.sites.values():
        findings.add(*_phase(context, site, before))
        rests[site.name] = _receipts(context, site, findings)
    for node in graph.gone:
        findings.add(*_gone(context, node))
    holders = graph.of(*HOLDERS)
    findings.add(*graph.each(HOLDERS, _kept, context.declared))
    findings.add(*graph.each((oracle.LIFECYCLE, s3.LIFECYCLE), _expires, context.declared))
    part = {
        "phases": {it.name: [it.phase.value, it.expires.isoformat()] for it in context.declared.sites.values()},
        "gone": sorted([it.urn, it.op] for it in graph.gone if it.type in HOLDERS),
        "holders": [it.urn for it in holders],
        "receipts": rests,
    }
    examined = len(holders) + len(graph.gone) + len(before) + len(context.declared.sites)
    return findings.verdict(ID, TITLE, examined=examined, assumptions=ASSUMPTIONS, certificate=part)


def deployed_phases(context: Context) -> dict[str, str]:
    """The phase of each site as the state has it."""
    for root in context.graph.of(_STACK):
        if root.old is not None:
            said = record(root.old.outputs.get(OUTPUT))
            return {name: str(record(site).get("phase")) for name, site in said.items()}
    return {}


def _phase(context: Context, site: DeclaredSite, before: Mapping[str, str]) -> Iterator[Counterexample | Missing]:
    phases = [phase.value for phase in Phase]
    had = before.get(site.name)
    if had is not None and had not in phases:
        yield missing(None, f"{site.name} is deployed in phase {had}, which is none that is known", path=OUTPUT)
    elif (had is None and site.phase is not Phase.BACKUP) or (
        had is not None and phases.index(site.phase) - phases.index(had) not in {0, 1}
    ):
        yield refuted(
            None,
            f"{site.name} would go from {had or 'nothing'} to {site.phase}",
            path=f"legacy.sites.{site.name}.phase",
            because=f"it may go {' → '.join(phases)}, one step at a time, and never back",
            fix=f"write {had or Phase.BACKUP}, or the phase after it",
            witness={"site": site.name, "had": had, "phase": site.phase.value},
        )
    if site.phase.has_holders and site.expires <= context.as_of:
        yield refuted(
            None,
            f"{site.name} is over since {site.expires}",
            path=f"legacy.sites.{site.name}.expires",
            because=f"the day is {context.as_of}",
            fix="retire it, or put its expiry off and say why",
            witness={"site": site.name, "expires": site.expires.isoformat()},
        )


def _receipts(context: Context, site: DeclaredSite, findings: Findings) -> list[str]:
    """Digests of the receipts that a site's phase rests on; what it lacks becomes a finding."""
    step = _NEEDED.get(site.phase)
    if step is None:
        return []
    try:
        found = receipts_of(context, site)
    except UnbelievedError as error:
        findings.add(_unproved(site, step, str(error)))
        return []
    if not any(receipt.step == step for receipt in found):
        findings.add(_unproved(site, step, f"there is no {step} receipt"))
    return [receipt.digest for receipt in found]


def receipts_of(context: Context, site: DeclaredSite) -> tuple[Receipt, ...]:
    """The receipts of a site that are believed.

    Raises:
        UnbelievedError: One of them is not, and so none is.
    """
    subject = Subject(stack=context.stack, site=site.name, account=site.account, region=site.region.value)
    signers = record(record(context.declared.deployment.get("legacy")).get("signers"))
    return believed(context.receipts.get(site.name, ()), subject, signers, context.as_of)


def _unproved(site: DeclaredSite, step: str, why: str) -> Counterexample:
    return refuted(
        None,
        f"{site.name} would be in phase {site.phase} without proof that it may be",
        path=f"legacy.sites.{site.name}.phase",
        because=why,
        fix=f"have the {step} step done and its receipt signed, or give the folder of receipts with --receipts",
        witness={"site": site.name, "phase": site.phase.value, "step": step},
    )


def site_of(graph: Graph, declared: Declared, node: Node) -> DeclaredSite | None:
    """The site that a resource of AWS belongs to; one whose provider is gone too still says its region.

    What is in the account that keeps the sites' trails belongs to none, and is kept in every phase.
    """
    provider = graph.provider_of(node) or next((it for it in graph.gone if it.urn == node.provider), None)
    if provider is not None and declared.archive in accounts_of(provider):
        return None
    place = place_of(graph, node)
    region = place.region if place is not None else node.inputs.get("region")
    return next((site for site in declared.sites.values() if site.region == region), None)


def _gone(context: Context, node: Node) -> Iterator[Counterexample]:
    """What holds data goes with its site, deleted; what guards a bucket goes with the bucket."""
    if node.type in GUARDS and context.graph.called(s3.BUCKET, "bucket", str(node.inputs.get("bucket"))):
        yield _refused(node, f"{node.name} would be taken from a bucket that stays", "", "leave it")
    if node.type not in HOLDERS:
        return
    if node.op in _REPLACED:
        yield _refused(node, f"{node.name} would be replaced, and what it holds be gone", "", "put back what changed")
        return
    site = site_of(context.graph, context.declared, node) if node.type.startswith("aws:") else None
    if site is None or site.phase is not Phase.CLOSED:
        kept = "it keeps what was logged" if node.type.startswith("aws:") else "Oracle Cloud is its home"
        phase = f"{site.name} is in phase {site.phase}" if site else kept
        yield _refused(node, f"{node.name} would be deleted, with everything in it", phase, "put it back")
    elif node.retain or node.op in _FORGOTTEN:
        why = "it is retained, and leaves the state only"
        yield _refused(node, f"{node.name} would stay in the cloud, where nobody would ever delete it", why,
                       "apply phase wipe once more, which takes retention off")  # fmt: skip
    elif node.type == s3.BUCKET and not _emptied(context, site, node):
        yield _refused(node, f"{node.name} would be deleted, and no receipt says that it is empty",
                       f"none of {site.name} names {node.inputs.get('bucket')}", "prove it empty")  # fmt: skip


def _refused(node: Node, what: str, because: str, fix: str) -> Counterexample:
    return refuted(node, what, because=because, fix=fix, witness={"urn": node.urn, "op": node.op})


def _emptied(context: Context, site: DeclaredSite, node: Node) -> bool:
    """Whether a receipt says that a bucket is empty; the bucket of a site's own reports holds no backup."""
    name = node.inputs.get("bucket")
    if name == f"{context.declared.organization}-reports-{site.region.facts.key}-{site.account}":
        return True
    try:
        found = receipts_of(context, site)
    except UnbelievedError:
        return False
    return any(it.step == "empty" and name in it.buckets for it in found)


def _kept(graph: Graph, node: Node, declared: Declared) -> Iterator[Counterexample | Missing]:
    """A holder stays where it is, whatever happens to the program, until its site is wiped."""
    site = site_of(graph, declared, node) if node.type.startswith("aws:") else None
    keeps = site is None or site.phase.keeps_holders
    if keeps and not (node.protect and node.retain):
        lacks = "protected" if not node.protect else "retained"
        yield _refused(node, f"{node.name} holds data and is not {lacks}",
                       f"{'protect' if not node.protect else 'retainOnDelete'} is not set", "set it")  # fmt: skip
    force: Any = node.inputs.get("forceDestroy", False)
    if force is not False:
        yield refuted(node, f"{node.name} could be deleted with everything in it", path="forceDestroy",
                      because=f"forceDestroy = {force!r}", fix="write false", witness={"urn": node.urn})  # fmt: skip


def _expires(graph: Graph, node: Node, declared: Declared) -> Iterator[Counterexample]:
    """No rule deletes objects that are current, but at a site that is wiped."""
    if node.type == s3.LIFECYCLE:
        site = site_of(graph, declared, node)
        if site is not None and site.phase is Phase.WIPE:
            return
        rules = [it for it in records(node.inputs.get("rules")) if it.get("status") != "Disabled"]
        bad = [it for it in rules if {"days", "date"} & set(record(it.get("expiration")))]
        if site is not None and site.phase is not Phase.BACKUP:
            bad += [it for it in rules if it.get("noncurrentVersionExpiration")]
    else:
        rules = [it for it in records(node.inputs.get("rules")) if it.get("isEnabled") is not False]
        bad = [it for it in rules if it.get("action") != "ABORT" and str(it.get("target")) not in _OLD]
    for rule in bad:
        name = rule.get("id") or rule.get("name")
        yield refuted(node, f"{node.name} would let objects expire", path="rules", because=f"rule {name} deletes them",
                      fix="let it delete older versions only", witness={"rule": str(name)})  # fmt: skip


def decide_slowly(context: Context) -> Answer:
    """Take the rules one by one, over all resources each time."""
    return worst(opinions(context))


def opinions(context: Context) -> Iterator[Opinion]:
    """Of each site, and of each resource that stays or goes."""
    yield from (opinion(_slow_site(context, site), site.name) for site in context.declared.sites.values())
    yield from (opinion(_slow_node(context, it, stays=True), it.urn) for it in context.graph.nodes.values())
    yield from (opinion(_slow_node(context, it, stays=False), it.urn) for it in context.graph.gone)


_STEPS: Final = ("backup", "drain", "wipe", "closed")
_DATA: Final = ("/bucket:Bucket", ":Key", ":Vault")
_STORES: Final = ("oci:Kms/", "oci:ObjectStorage/", "aws:s3/", "aws:kms/")


def _slow_site(context: Context, site: DeclaredSite) -> Answer:
    phase = site.phase.value
    roots = [node for node in context.graph.nodes.values() if node.type == _STACK and node.old is not None]
    said = [record(record(root.old.outputs.get(OUTPUT)).get(site.name)).get("phase") for root in roots if root.old]
    had = said[0] if said else None
    if had is not None and had not in _STEPS:
        return Answer.UNDECIDED
    allowed = {None: {"backup"}, "backup": {"backup", "drain"}, "drain": {"drain", "wipe"}, "wipe": {"wipe", "closed"}}
    late = phase != "closed" and context.as_of >= site.expires
    if phase not in allowed.get(had, {"closed"}) or late:
        return Answer.REFUTED
    step = {"wipe": "comparison", "closed": "empty"}.get(phase)
    return Answer.PROVED if _slow_receipt(context, site, step) else Answer.REFUTED


def _slow_receipt(context: Context, site: DeclaredSite, step: str | None, bucket: object = None) -> bool:
    if step is None:
        return True
    try:
        found = receipts_of(context, site)
    except UnbelievedError:
        return False
    return any(it.step == step and (bucket is None or bucket in it.buckets) for it in found)


def _slow_node(context: Context, node: Node, *, stays: bool) -> Answer:
    provider = context.graph.nodes.get(node.provider)
    region = node.inputs.get("region") or (provider.inputs.get("region") if provider else None)
    sites = [it for it in context.declared.sites.values() if node.type.startswith("aws:") and it.region.value == region]
    gone = [it for it in context.graph.gone if it.urn == node.provider]
    accounts = [str(it.inputs.get("allowedAccountIds")) for it in [*([provider] if provider else []), *gone]]
    if context.declared.archive and any(context.declared.archive in it for it in accounts):
        sites = []
    phase = sites[0].phase.value if sites else ""
    holds = node.type.endswith(_DATA) and node.type.startswith(
        ("oci:Kms/", "oci:ObjectStorage/", "aws:s3/", "aws:kms/")
    )
    if not stays:
        return _slow_gone(context, node, sites, holds=holds)
    if holds and (node.inputs.get("forceDestroy", False) is not False or (
        phase not in {"wipe", "closed"} and not (node.protect and node.retain)
    )):  # fmt: skip
        return Answer.REFUTED
    rules = records(node.inputs.get("rules"))
    if node.type == s3.LIFECYCLE and phase != "wipe":
        on = [it for it in rules if it.get("status") != "Disabled"]
        if any("days" in record(it.get("expiration")) or "date" in record(it.get("expiration")) for it in on):
            return Answer.REFUTED
        if phase in {"drain", "closed"} and any(it.get("noncurrentVersionExpiration") for it in on):
            return Answer.REFUTED
    if node.type == oracle.LIFECYCLE:
        on = [it for it in rules if it.get("isEnabled") is not False and it.get("action") != "ABORT"]
        if any(str(it.get("target")) not in _OLD for it in on):
            return Answer.REFUTED
    return Answer.PROVED


def _slow_gone(context: Context, node: Node, sites: list[DeclaredSite], *, holds: bool) -> Answer:
    names = [it.inputs.get("bucket") for it in context.graph.nodes.values() if it.type == s3.BUCKET]
    guards = node.type.startswith("aws:s3/bucket") and node.type != s3.BUCKET
    if guards and node.inputs.get("bucket") in names:
        return Answer.REFUTED
    if not holds:
        return Answer.PROVED
    closed = [it for it in sites if it.phase.value == "closed"]
    if "replace" in node.op or not closed or node.retain or node.op == "discard":
        return Answer.REFUTED
    reports = f"-reports-{closed[0].region.facts.key}-{closed[0].account}"
    name = str(node.inputs.get("bucket"))
    if node.type == s3.BUCKET and name != f"{context.declared.organization}{reports}":
        return Answer.PROVED if _slow_receipt(context, closed[0], "empty", name) else Answer.REFUTED
    return Answer.PROVED
