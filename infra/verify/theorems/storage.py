"""T1: every resource, and with it every holder of data, lies in an allowed US region or at a legacy site that is open.

A resource of Oracle Cloud lies in a region that `UsRegion` names, in the declared tenancy. One of AWS lies in the
region of a declared legacy site, under that site's account, or in Virginia, under the account that keeps the sites'
trails; what holds nothing may be elsewhere: a control of the organization under the organization's account, and in
Virginia what tells of calls of IAM at any site. Where it lies says its own `region`, else its explicit provider's; what
the state knows about it (the region in an OCID, the region's key in a physical name) says the same; and its provider
does not move to another region under it, which an engine would show as no change at all. The stack's own state is
declared to lie in a US region, no hosted service and no other backend keeps it as far as is committed, and nothing but
its passphrase opens its secrets, of which none stands in the clear.
"""

import json
from collections.abc import Iterator
from typing import Final

from infra.verify import home
from infra.verify.context import Context
from infra.verify.declared import ARCHIVE_REGION
from infra.verify.graph import SECRET, UNKNOWN, Node
from infra.verify.models.place import LEGACY, Place, accounts_of, evidence, is_home, place_of
from infra.verify.search import Opinion, opinion, worst
from infra.verify.values import record
from infra.verify.verdict import Answer, Counterexample, Findings, Missing, Verdict, missing, refuted

ID: Final = "T1"
TITLE: Final = "storage"
ASSUMPTIONS: Final = (
    "a provider works in the region that its configuration names, and in no other",
    "a region of Oracle Cloud or AWS lies in the country that the providers' own tables say",
    "nothing but what is committed says where the stack's own state is kept",
)


def decide(context: Context) -> Verdict:
    """Attribute a region to every resource of a cloud, once for each provider and region."""
    findings, holders = Findings(), list[list[str]]()
    nodes = context.graph.managed()
    sites = _places(context)
    providers: dict[str, tuple[frozenset[str], str]] = {}
    for node in nodes:
        place = place_of(context.graph, node)
        if place is None:
            findings.add(missing(node, f"where {node.name} lies is not known", path="provider", fix=_PROVIDER))
            continue
        provider = context.graph.provider_of(node)
        if provider is not None and node.provider not in providers:
            providers[node.provider] = (accounts_of(provider), _moved(provider))
        given, moved = providers[node.provider]
        if node.type.startswith("aws:"):
            if not _governs(context, node, given) and not _tells(context, node, place.region, given):
                findings.add(*_legacy(node, place.region, place.path, given, sites))
        else:
            findings.add(*_at_home(context, node, place))
        for path, said in evidence(node).items():
            if said != place.region:
                findings.add(_disagrees(node, path, said, place.region))
        if moved and node.op not in {"create", "replace", "import"}:
            findings.add(_left_behind(node, moved, place.region))
        holders.append([node.urn, place.region, place.path])
    findings.add(*(_astray(it) for it in home.astray(context.home, context.declared.deployment)))
    return findings.verdict(ID, TITLE, examined=len(nodes), assumptions=ASSUMPTIONS, certificate={"places": holders})


def _astray(found: home.Astray) -> Counterexample:
    what = f"{found.what}: {said(found.region)}" if found.region else found.what
    witness = {"path": found.path}
    return refuted(None, what, path=found.path, because=found.because, fix=found.fix, witness=witness)


GOVERNING: Final = ("aws:organizations/", "aws:iam/")
"""Types that hold no data and bind the sites' accounts, from the account that manages the organization."""


def _governs(context: Context, node: Node, accounts: frozenset[str] | None) -> bool:
    """Whether a resource is a control of the declared organization."""
    management = context.declared.management
    return node.type.startswith(GOVERNING) and bool(management) and list(accounts or ()) == [management]


TELLING: Final = ("aws:cloudwatch/event", "aws:sns/")
"""Types that hold no data and tell people what was called; IAM's calls are told of in Virginia, whoever's they are."""


def _tells(context: Context, node: Node, region: str, accounts: frozenset[str] | None) -> bool:
    """Whether a resource tells of what was called in a declared site's account, where calls of IAM are reported."""
    ours = {site.account for site in context.declared.sites.values()}
    return node.type.startswith(TELLING) and region == ARCHIVE_REGION and bool(accounts) and accounts <= ours


def _places(context: Context) -> frozenset[tuple[str, str]]:
    """Region and account of each declared site, and of where their trails are kept."""
    sites = {(site.region.value, site.account) for site in context.declared.sites.values()}
    archive = context.declared.archive
    return frozenset(sites | ({(ARCHIVE_REGION.value, archive)} if archive else set()))


_PROVIDER = "give it an explicit provider with a plain region"


def _abroad(context: Context, node: Node, region: str, path: str) -> Counterexample:
    return refuted(
        node,
        f"{node.name} would lie in {said(region)}",
        path=path,
        because=f'provider {node.provider.rpartition("::")[2]} has region = "{region}"',
        fix=f"change it to one of {', '.join(sorted(it.value for it in context.declared.regions))}",
        witness={"urn": node.urn, "region": region},
    )


def _at_home(context: Context, node: Node, place: Place) -> Iterator[Counterexample | Missing]:
    """A resource of Oracle Cloud is in an allowed region, and in the declared tenancy."""
    provider = context.graph.provider_of(node)
    tenancy = provider.inputs.get("tenancyOcid") if provider else None
    if not is_home(place.region):
        yield _abroad(context, node, place.region, place.path)
    elif tenancy != context.declared.tenancy:
        yield _of_another(node, tenancy)


def _of_another(node: Node, tenancy: object) -> Counterexample | Missing:
    if tenancy in {UNKNOWN, SECRET}:
        return missing(node, f"the tenancy of {node.name} is not known", path="provider.tenancyOcid")
    return refuted(
        node,
        f"{node.name} would be in another tenancy",
        path="provider.tenancyOcid",
        because=f'its provider has tenancyOcid = "{tenancy}"',
        fix="give the provider the declared tenancy",
        witness={"urn": node.urn},
    )


def said(region: str) -> str:
    """A region with its country, for people."""
    from infra.residency.regions import REGIONS  # noqa: PLC0415 (only a refutation needs it)

    row = REGIONS.get(region)
    return f"{region} ({row.place}, {row.jurisdiction})" if row else f"{region}, no region that is known here"


def _legacy(
    node: Node, region: str, path: str, accounts: frozenset[str] | None, sites: frozenset[tuple[str, str]]
) -> Iterator[Counterexample | Missing]:
    """A resource of AWS belongs to one declared site, by region and account."""
    if region not in LEGACY or region not in {place for place, _ in sites}:
        yield refuted(
            node,
            f"{node.name} would lie in {said(region)}, where no legacy site is",
            path=path,
            because=f'{path} = "{region}"',
            fix=f"legacy sites are in {', '.join(sorted({place for place, _ in sites})) or 'no region'}",
            witness={"urn": node.urn, "region": region},
        )
    elif not accounts:
        yield missing(node, f"the account of {node.name} is not known", path="provider.allowedAccountIds", fix=_ACCOUNT)
    elif {(region, account) for account in accounts} - sites:
        yield refuted(
            node,
            f"{node.name} would lie in an account that is no legacy site's in {region}",
            path="provider.allowedAccountIds",
            because=f"its provider may act in {', '.join(sorted(accounts))}",
            fix=_ACCOUNT,
            witness={"urn": node.urn, "region": region},
        )


_ACCOUNT = "name the one account of the site in the provider's allowedAccountIds"


def _disagrees(node: Node, path: str, found: str, region: str) -> Counterexample:
    value = node.id if path == "id" else node.inputs[path]
    return refuted(
        node,
        f"{node.name} is said to lie in {region}, and its {path} says {said(found)}",
        path=path,
        because=f'{path} = "{value}"',
        fix="give it the provider of its own region, or a new name and a new resource",
        witness={"urn": node.urn, "region": found},
    )


def _moved(provider: Node) -> str:
    """The region that a provider had in the state, where it is to get another one; else nothing."""
    old = provider.old.inputs.get("region") if provider.old else None
    return old if isinstance(old, str) and old != provider.inputs.get("region") else ""


def _left_behind(node: Node, old: str, new: str) -> Counterexample:
    return refuted(
        node,
        f"{node.name} lies in {said(old)} and would be looked for in {new}, while nothing seems to change",
        path="provider.region",
        because=f'its provider\'s region was "{old}" and becomes "{new}"',
        fix="make another provider for the other region, and other resources",
        witness={"urn": node.urn, "region": old},
    )


def decide_slowly(context: Context) -> Answer:
    """Walk from every resource to its provider by itself, and hold each region against the written-out lists."""
    return worst(opinions(context))


def opinions(context: Context) -> Iterator[Opinion]:
    """Of where the stack's own state is, and of each resource."""
    us = ["us-ashburn-1", "us-phoenix-1", "us-chicago-1", "us-sanjose-1"]
    kept, declared = context.home, context.declared.deployment.get("state")
    fine = (
        not kept.plain
        and not kept.exposed
        and all(it in ("", "default", "passphrase") for it in (kept.committed, kept.stored))
    )
    fine = fine and (not kept.backend or (kept.backend.startswith("file:") and declared is None))
    fine = fine and (declared is None or record(declared).get("region") in us)
    yield opinion(Answer.PROVED if fine else Answer.REFUTED)
    for node in context.graph.nodes.values():
        if not node.is_managed:
            continue
        cloud = node.type.split(":")[0]
        provider = next((it for it in context.graph.nodes.values() if it.urn == node.provider), None)
        if provider is None or provider.type.split(":")[-1] != cloud:
            yield opinion(Answer.UNDECIDED, node.urn)
            continue
        region = provider.inputs.get("region")
        if cloud == "aws" and node.inputs.get("region") is not None:
            region = node.inputs["region"]
        yield opinion(_slowly(context, node, provider, region, us), node.urn)


def _slowly(context: Context, node: Node, provider: Node, region: object, us: list[str]) -> Answer:
    if not isinstance(region, str) or not region or region.startswith(("[secret]", "04da6b54-")):
        return Answer.UNDECIDED
    if node.type.startswith("aws:"):
        belongs = _slow_site(context, node, provider, region)
    else:
        belongs = Answer.PROVED if region in us else Answer.REFUTED
        tenancy = provider.inputs.get("tenancyOcid")
        if region in us and str(tenancy) != context.declared.tenancy:
            hidden = str(tenancy).startswith(("[secret]", "04da6b54-"))
            belongs = Answer.UNDECIDED if hidden else Answer.REFUTED
    before = provider.old.inputs.get("region") if provider.old else region
    stays = node.op not in {"create", "replace", "import"}
    moved = stays and isinstance(before, str) and before != provider.inputs.get("region")
    elsewhere = moved or any(said != region for said in evidence(node).values())
    return Answer.REFUTED if elsewhere else belongs


def _slow_site(context: Context, node: Node, provider: Node, region: str) -> Answer:
    """Whether something of AWS is where, and whose, it may be."""
    here = _slow_accounts(context, node, region)
    try:
        accounts = json.loads(provider.inputs.get("allowedAccountIds") or "[]")
    except (TypeError, ValueError):
        accounts = provider.inputs.get("allowedAccountIds")
    governs = node.type.startswith(GOVERNING) and accounts == [context.declared.management]
    if not governs and not here:
        return Answer.REFUTED
    if not isinstance(accounts, list) or not accounts:
        return Answer.UNDECIDED
    strange = any(account not in here for account in accounts)  # pyright: ignore[reportUnknownVariableType]
    return Answer.REFUTED if strange and not governs else Answer.PROVED


def _slow_accounts(context: Context, node: Node, region: str) -> list[str]:
    """The accounts in which something may be in a region."""
    tells = any(node.type.startswith(it) for it in ("aws:cloudwatch/event", "aws:sns/"))
    sites = context.declared.sites.values()
    here = [it.account for it in sites if it.region.value == region or (tells and region == "us-east-1")]
    return here + ([context.declared.archive] if context.declared.archive and region == "us-east-1" else [])
