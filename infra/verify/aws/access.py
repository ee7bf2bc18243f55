"""Access at the legacy sites: nobody but the declared roles can reach a backup or its key, from the resources alone.

Every policy document is read from its text and asked, not trusted: does a bucket's policy keep a stranger of the same
account from reading, its root from listing versions, another account from writing; can a key be used by anybody but
the site's one role, or administered by who uses it; can a service be asked to act by somebody else? The world is
closed: a type of IAM that is not modelled here is a leak, and so is a document that is not known yet.

What it does not prove: what policies that this stack does not make allow a role, and that AWS evaluates documents as
its documentation says.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from infra.residency.lifecycle import KEY_DELETION_DAYS, Phase
from infra.residency.regions import LegacyRegion
from infra.verify.aws import alike
from infra.verify.aws.grants import (
    Judge,
    Restore,
    Rule,
    Site,
    of_key,
    of_restore,
    of_restore_trust,
    of_role,
    of_trust,
)
from infra.verify.aws.plain import UnreadableError, attached
from infra.verify.graph import UNKNOWN, Graph, Node
from infra.verify.models.place import account_of

__all__ = ["Leak", "Rule", "Site", "declared", "leaks"]

BUCKET = "aws:s3/bucket:Bucket"
BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
KEY = "aws:kms/key:Key"
ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"

MODELLED = frozenset(
    {
        ROLE,
        ROLE_POLICY,
        "aws:iam/policy:Policy",  # `ci.trust` is about what bounds roles; attaching one is no modelled way
        "aws:iam/openIdConnectProvider:OpenIdConnectProvider",  # `ci.trust` is about it, and about deployers' roles
        "aws:organizations/policy:Policy",  # these two only ever take away
        "aws:organizations/policyAttachment:PolicyAttachment",
    }
)
IDENTITY = ("aws:iam/", "aws:organizations/", "aws:ssoadmin/", "aws:identitystore/", "aws:rolesanywhere/", "aws:ram/")
"""Beginnings of the types that let somebody in, of which all but the modelled ones are leaks."""

NEVER = frozenset(
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


class Leak(NamedTuple):
    """One grant too many, or one thing that cannot be shown to be none."""

    urn: str
    rule: Rule
    what: str


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
                    restore=_restore(deployment, name, site, f"{region.facts.key}-{account}"),
                )
            )
    return tuple(found)


def _restore(deployment: Mapping[str, Any], name: str, site: Mapping[str, Any], place: str) -> Restore | None:
    asked: Mapping[str, str] | None = site.get("restore")
    if asked is None:
        return None
    dataset, organization = asked["dataset"], deployment["organization"]
    return Restore(
        role=f"{organization}-restore-{name}",
        operator=asked["role"],
        bucket=str(site.get("adopt", {}).get(dataset, f"{organization}-{dataset}-{place}")),
        until=f"{asked['until']}T00:00:00Z",
        networks=tuple(deployment["access"]["networks"][asked["network"]].values()),
    )


def leaks(found: Graph, sites: tuple[Site, ...], deployers: frozenset[str] = frozenset()) -> tuple[Leak, ...]:
    """Every leak, sorted.

    Args:
        found: the resources.
        sites: as declared.
        deployers: names of roles that deploy, which `ci.trust` is about.
    """
    parts = (_Check.types, _Check.buckets, _Check.keys, _Check.roles, _Check.role_policies)
    return tuple(sorted({leak for part in parts for leak in found.ask(_part, part, sites, deployers)}))


def _part(
    found: Graph, part: "Callable[[_Check], Iterator[Leak]]", sites: tuple[Site, ...], deployers: frozenset[str]
) -> Iterator[Leak]:
    return part(_Check(found, sites, deployers))


class _Check(NamedTuple):
    graph: Graph
    sites: tuple[Site, ...]
    deployers: frozenset[str]

    def types(self) -> Iterator[Leak]:
        """Nobody gets in by another way."""
        ways = [it for it in self.graph.types if it in NEVER or (it.startswith(IDENTITY) and it not in MODELLED)]
        for node in self.graph.of(*ways):
            yield Leak(urn=node.urn, rule=Rule.TYPE, what=f"{node.type} lets somebody in past the policies")

    def buckets(self) -> Iterator[Leak]:
        """Each bucket's policy lets S3 deliver inventories at most; that it keeps everybody away `legacy` asks."""
        for node in self.graph.of(BUCKET_POLICY):
            name = str(node.inputs.get("bucket"))
            site = next((it for it in self.sites if it.has(name)), None)
            if site is not None:
                yield from self._text(node, "policy", partial(alike.leaks, site=site, bucket=name))

    def keys(self) -> Iterator[Leak]:
        """Each key is of one region, waits as long as it can, and has two hands."""
        for node in self.graph.of(KEY):
            site = self._site(node)
            if site is None:
                continue  # no backup's: the audit trail's, which other checks are about
            if node.inputs.get("multiRegion", False) is not False or node.inputs.get("region") != site.region:
                yield Leak(urn=node.urn, rule=Rule.KEY, what="a key that is, or can be copied, elsewhere")
            if node.inputs.get("deletionWindowInDays", KEY_DELETION_DAYS) != KEY_DELETION_DAYS:  # so is the default
                yield Leak(urn=node.urn, rule=Rule.KEY, what=f"a key that is gone before {KEY_DELETION_DAYS} days")
            if node.inputs.get("enableKeyRotation") is not True:
                yield Leak(urn=node.urn, rule=Rule.KEY, what="a key that never rotates")
            yield from self._document(node, "policy", partial(of_key, site))

    def roles(self) -> Iterator[Leak]:
        """Each role is acted as by the one that its phase names."""
        for node in self.graph.of(ROLE):
            for extra in ("managedPolicyArns", "inlinePolicies"):
                if node.inputs.get(extra):
                    yield Leak(urn=node.urn, rule=Rule.ACTION, what=f"{extra}: what a role may do stands elsewhere too")
            site = self._worker(str(node.inputs.get("name")))
            if site is not None:
                yield from self._document(node, "assumeRolePolicy", partial(of_trust, site))
            restores = list(self._restores(str(node.inputs.get("name"))))
            for at, restore in restores:
                yield from self._document(node, "assumeRolePolicy", partial(of_restore_trust, at, restore))
            if site is None and not restores and node.inputs.get("name") not in self.deployers:
                yield Leak(urn=node.urn, rule=Rule.STRANGER, what=f"{node.inputs.get('name')} is declared nowhere")

    def role_policies(self) -> Iterator[Leak]:
        """Each role's own policy is about the site's own buckets and key."""
        for node in self.graph.of(ROLE_POLICY):
            role = str(node.inputs.get("role"))
            site = self._worker(role)
            if site is not None:
                yield from self._document(node, "policy", partial(of_role, site), named=False)
            elif role not in self.deployers and not [*self._restores(role)]:
                yield Leak(urn=node.urn, rule=Rule.STRANGER, what=f"{role}, who is declared nowhere, is let something")
            for at, restore in self._restores(str(node.inputs.get("role"))):
                yield from self._document(node, "policy", partial(of_restore, at, restore), named=False)

    def _site(self, node: Node) -> Site | None:
        """The site in whose account a resource is, of several that of its region; without an account of its name."""
        account = account_of(self.graph, node)
        here = [it for it in self.sites if (it.account == account if account else it.name == node.name)]
        return next((it for it in here if it.region == node.inputs.get("region")), here[0] if here else None)

    def _restores(self, role: str) -> Iterator[tuple[Site, Restore]]:
        for site in self.sites:
            if site.restore is not None and site.restore.role == role:
                yield site, site.restore

    def _worker(self, role: str) -> Site | None:
        return next((it for it in self.sites if it.worker == role), None)

    def _document(self, node: Node, field: str, judge: Judge, *, named: bool = True) -> Iterator[Leak]:
        return self._text(node, field, lambda text: judge(attached(text, named=named)))

    def _text(self, node: Node, field: str, judge: Callable[[str], Iterable[tuple[Rule, str]]]) -> Iterator[Leak]:
        text: object = node.inputs.get(field)
        if not isinstance(text, str) or text == UNKNOWN or UNKNOWN in text:
            yield Leak(urn=node.urn, rule=Rule.DOCUMENT, what="a policy that is not known yet")
            return
        try:
            found = tuple(judge(text))
        except UnreadableError as error:
            yield Leak(urn=node.urn, rule=Rule.DOCUMENT, what=f"a policy that cannot be read: {error}")
            return
        for rule, said in found:
            yield Leak(urn=node.urn, rule=rule, what=said)
