"""Single requests that a statement lets in at a legacy site: the slow decider of what its documents allow.

It shares what is declared with `access` and `grants`, and no rule. Each statement that allows is asked by itself
(`lets`), and what it lets in has to be what the site's phase is about. That buckets keep everybody else away is asked
by `legacy`'s questions.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from infra.residency.lifecycle import Phase
from infra.verify.aws.access import IDENTITY, MODELLED, NEVER, Restore, Site
from infra.verify.aws.lets import effects, let, statements
from infra.verify.aws.request import Request
from infra.verify.graph import Graph, Node
from infra.verify.models.place import account_of
from infra.verify.ranges import is_within
from infra.verify.search import Opinion, Search, opinion
from infra.verify.values import listed
from infra.verify.verdict import Answer

_USING: Final = ("kms:decrypt", "kms:encrypt", "kms:generatedatakey", "kms:generatedatakeypair", "kms:reencryptfrom")
_ADMINISTERING: Final = ("kms:createalias", "kms:disablekey", "kms:putkeypolicy", "kms:schedulekeydeletion")
_NOBODYS: Final = ("kms:creategrant", "kms:importkeymaterial", "kms:replicatekey", "kms:updateprimaryregion")
_GUARDING: Final = (
    "s3:bypassgovernanceretention", "s3:createaccesspoint", "s3:deletebucket", "s3:deletebucketpolicy",
    "s3:putbucketpolicy", "s3:putbucketversioning", "s3:putencryptionconfiguration", "s3:putinventoryconfiguration",
    "s3:putlifecycleconfiguration", "s3:putobjectacl", "s3:putreplicationconfiguration",
)  # fmt: skip
"""Calls that change what guards a backup, or carry it away."""
_WORK: Final = re.compile(
    r"s3:(get|list).*|s3:(put|delete)object(version)?tagging|s3:putobject|s3:deleteobject(version)?|s3:restoreobject"
    r"|s3:abortmultipartupload|kms:(decrypt|describekey|encrypt|generatedatakey.*|reencrypt.*)"
)

_PLACES: Final = ("arn:aws:s3:::nobodys/key", "arn:aws:kms:eu-west-1:999999999999:key/nobodys")
Statement = Mapping[str, Any]


def opinions(graph: Graph, sites: tuple[Site, ...], deployers: frozenset[str]) -> Iterator[Opinion]:
    """Of each document of a site, each role that is nobody's, and each type by which somebody gets past them.

    Args:
        graph: the resources.
        sites: as declared.
        deployers: names of roles that deploy, of which `ci.tokens` thinks something.
    """
    found = Search(graph, "aws")
    for node in found.nodes:
        lets_in = node.type.startswith(IDENTITY) and node.type not in MODELLED
        if node.type in NEVER or lets_in:
            yield opinion(Answer.REFUTED, node.urn)
    buckets = {str(it.inputs.get("bucket")) for it in found.of("Bucket")}
    for policy in found.of("BucketPolicy"):
        yield from _of_bucket(policy, sites, buckets)
    for key in found.of("Key"):
        yield from _of_key(key, _here(graph, key, sites))
    for node in (*found.of("Role"), *found.of("RolePolicy")):
        yield from _of_role(node, sites, deployers)


def _of_bucket(policy: Node, sites: tuple[Site, ...], buckets: set[str]) -> Iterator[Opinion]:
    """Of what a bucket's policy allows; of one that only denies `legacy` asks, where there is such a bucket."""
    bucket, text = str(policy.inputs.get("bucket")), policy.inputs.get("policy")
    for site in [it for it in sites if re.fullmatch(_either(it.buckets), bucket)][:1]:
        said = statements(text, named=True)
        if said is not None or effects(text) != {"Deny"} or bucket not in buckets:
            yield _judged(policy, said, lambda it, site=site: _in_bucket(site, bucket, it))


def _of_key(key: Node, site: Site | None) -> Iterator[Opinion]:
    """Of a site's key: whom its policy lets use it; and whether it could be elsewhere, be gone soon or never change."""
    if site is not None:
        said = key.inputs
        yield _judged(key, statements(said.get("policy"), named=True), lambda it: _with_key(site, it))
        stays = said.get("multiRegion") in (None, False) and said.get("region") == site.region
        lasts = said.get("deletionWindowInDays", 30) == 30  # noqa: PLR2004 - days, the longest there is
        if not (stays and lasts and said.get("enableKeyRotation") is True):
            yield opinion(Answer.REFUTED, key.urn)


def _of_role(node: Node, sites: tuple[Site, ...], deployers: frozenset[str]) -> Iterator[Opinion]:
    """Of who acts as a role, or of what it may do; and whether it is nobody's, or that stands in itself, too."""
    is_role = node.type.endswith(":Role")
    name, path = ("name", "assumeRolePolicy") if is_role else ("role", "policy")
    role, judge = str(node.inputs.get(name)), _acting if is_role else _working
    own = [it for it in sites if role in {it.worker, it.restore.role if it.restore else ""}]
    if is_role and (node.inputs.get("managedPolicyArns") or node.inputs.get("inlinePolicies")):
        yield opinion(Answer.REFUTED, node.urn)
    if not own and role not in deployers:
        yield opinion(Answer.REFUTED, node.urn)
    for site in own:
        said = statements(node.inputs.get(path), named=is_role)
        yield _judged(node, said, lambda it, site=site: judge(site, role, it))


def _judged(node: Node, said: list[Statement] | None, lets_in: Callable[[list[Statement]], bool]) -> Opinion:
    """What comes of a document, which may be one that is not known, or not asked about."""
    if said is None:
        return opinion(Answer.UNDECIDED, node.urn)
    return opinion(Answer.REFUTED if lets_in(said) else Answer.PROVED, node.urn)


def _either(patterns: tuple[str, ...]) -> str:
    return "|".join(re.escape(it).replace(r"\*", ".*") for it in patterns)


def _here(graph: Graph, key: Node, sites: tuple[Site, ...]) -> Site | None:
    """The site whose key it is: by account and region, or by account, or where that is not known by name."""
    account = account_of(graph, key)
    own = [it for it in sites if it.account == account] if account else [it for it in sites if it.name == key.name]
    return next((it for it in own if it.region == key.inputs.get("region")), own[0] if own else None)


def _serves(site: Site, request: Request, service: str) -> bool:
    """Whether a service asks, for the site's own account and for something that is its own."""
    source, account = request.context.get("aws:sourcearn"), request.context.get("aws:sourceaccount")
    own = f"arn:aws:s3:::({_either(site.buckets)})|arn:aws:datasync:{site.region}:{site.account}:.*"
    ours = account == site.account and re.fullmatch(own, str(source)) is not None
    return request.principal == f"service:{service}" and ours


def _in_bucket(site: Site, bucket: str, said: list[Statement]) -> bool:
    """Whether a bucket's policy lets anything happen but inventories being delivered."""
    own = f"arn:aws:s3:::{bucket}/"
    return any(
        not (_serves(site, it, "s3.amazonaws.com") and it.action == "s3:putobject" and it.resource.startswith(own))
        for statement in said
        for it in let(statement, ("s3:getobject", "s3:putobject"), (f"{own}key", _PLACES[0]))
    )


def _with_key(site: Site, said: list[Statement]) -> bool:
    """Whether a key's policy lets anybody but the site's two hands and its restorer do anything, or one both."""
    allows = [it for it in said if it["Effect"] == "Allow"]
    tried = (*_USING, *_ADMINISTERING, *_NOBODYS)
    asked = [it for statement in allows for it in let(statement, tried, ("*",))]
    users = {it.principal for it in asked if it.action in _USING and not it.principal.startswith("service:")}
    administrators = {it.principal for it in asked if it.action in _ADMINISTERING}
    others = any({*map(str, listed(it.get("Resource", [])))} != {"*"} for it in allows)
    both = users & administrators or site.role(site.deployer) in users
    return bool(others or both) or not all(_is_use(site, it) for it in asked)


def _is_use(site: Site, request: Request) -> bool:
    """Whether somebody does with a key what is theirs to do."""
    if request.action in _NOBODYS:
        return False
    if request.principal.startswith("service:"):
        return request.action.startswith("kms:generatedatakey") and _serves(site, request, "s3.amazonaws.com")
    through = request.context.get("kms:viaservice") == f"s3.{site.region}.amazonaws.com"
    if request.action in _USING and not through:
        return False
    if request.action == "kms:schedulekeydeletion" and site.phase is not Phase.WIPE:
        return False
    restore = site.restore
    if restore is not None and request.principal == site.role(restore.role):
        more = {"kms:encrypt", "kms:generatedatakey", *_ADMINISTERING}
        return request.action not in more and _is_in_time(restore, request)
    return request.principal in {site.role(site.worker), site.role(site.deployer)}


def _is_in_time(restore: Restore, request: Request) -> bool:
    """Whether a request is for certain before a restore ends."""
    when = request.context.get("aws:currenttime")
    return when is not None and str(when) < restore.until


def _is_from(restore: Restore, request: Request) -> bool:
    """Whether a request comes for certain from a restore's networks, bit by bit."""
    return any(is_within(str(request.context.get("aws:sourceip")), it) for it in restore.networks)


def _acting(site: Site, name: str, said: list[Statement]) -> bool:
    """Whether somebody may act as a site's role whom its phase, or its restore, does not name."""
    restore = site.restore if name != site.worker else None
    for request in (it for statement in said for it in let(statement, ("sts:assumerole",), ("*",))):
        if request.action != "sts:assumerole":
            return True
        if restore is not None:
            own = request.principal == site.role(restore.operator)
            meant = own and _is_in_time(restore, request) and _is_from(restore, request)
        elif site.phase is Phase.BACKUP:
            meant = _serves(site, request, "datasync.amazonaws.com")
        else:
            meant = request.principal == site.role(site.operator)
        if not meant:
            return True
    return False


def _working(site: Site, name: str, said: list[Statement]) -> bool:
    """Whether a site's role may do anything but work on its backups, or a restore's anything but read its one."""
    restore = site.restore if name != site.worker else None
    tried = (*_NOBODYS, *_ADMINISTERING, *_GUARDING)
    for statement in said:
        if statement["Effect"] == "Allow" and "Resource" not in statement:
            return True
        for request in let(statement, tried, _PLACES):
            if restore is None:
                if not _is_work(site, request):
                    return True
            elif not (_is_reading(site, restore, request) and _is_in_time(restore, request)):
                return True
    return False


def _is_work(site: Site, request: Request) -> bool:
    """Whether a call is work on a site's own buckets, or with its own key."""
    about = request.resource.removeprefix("arn:aws:s3:::").partition("/")[0]
    own = request.resource.startswith("arn:aws:s3:::") and re.fullmatch(_either(site.buckets), about) is not None
    return _WORK.fullmatch(request.action) is not None and (own or _is_key(site, request))


def _is_key(site: Site, request: Request) -> bool:
    """Whether a call is about the site's own key, whatever else there is in its account."""
    aliases = request.context.get("kms:resourcealiases")
    own = request.resource.startswith(f"arn:aws:kms:{site.region}:{site.account}:key/")
    return own and aliases in (site.alias, frozenset({site.alias}))


def _is_reading(site: Site, restore: Restore, request: Request) -> bool:
    """Whether a call reads the one bucket that is restored from its networks, or decrypts with the site's key.

    S3 makes the calls of the key, for whoever reads, so these come from anywhere.
    """
    reads = request.action.startswith(("s3:get", "s3:list")) or request.action in {"kms:decrypt", "kms:describekey"}
    own = f"arn:aws:s3:::{restore.bucket}"
    about = request.resource == own or request.resource.startswith(f"{own}/") or _is_key(site, request)
    return reads and about and (request.action.startswith("kms:") or _is_from(restore, request))
