"""Whom the clouds believe that it deploys: nobody but the declared jobs, from the resources alone.

A job is its token: who signed it, for whom it is meant, and what it says about itself (repository and environment). No
identity provider, trust or deployer's role may take another token, or anybody without one; a deployer's role may read
no object and make no key that lasts, whatever its account lets it do beside; and its own policies let it do what a
deployment of this configuration calls, and nothing else (`powers`).

What it does not prove: what an account's administrators let the role do by policies that this stack does not have, that
the issuer signs the truth, and who is a member of the group of the service user.
"""

import json
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from infra.residency.lifecycle import Phase
from infra.verify.aws.plain import Statement, UnreadableError
from infra.verify.ci.ground import Ground, ground
from infra.verify.ci.powers import MANAGED_POLICY, ROLE, boundaries, read, too_much
from infra.verify.graph import Graph, Node
from infra.verify.models.place import account_of
from infra.verify.values import has_unknown, items, record, records

PROVIDER: Final = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
ROLE_POLICY: Final = "aws:iam/rolePolicy:RolePolicy"
CLOUD: Final = "pulumi:providers:aws"
TRUST: Final = "oci:Identity/domainsIdentityPropagationTrust:DomainsIdentityPropagationTrust"

AUDIENCE: Final = "sts.amazonaws.com"
NEVER: Final = (
    "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion",
    "kms:Decrypt", "kms:ReEncryptFrom", "iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:CreateUser",
    "sts:AssumeRole",
)  # fmt: skip
"""Calls that no deployer may make."""

_FREE: Final = frozenset({"active", "clockSkewSeconds", "description", "name", "schemas", "tags"})
"""Properties of a trust that open it to nobody."""

_RULE: Final = r'sub eq "([^"]*)"'


class Rule(StrEnum):
    """What can be wrong."""

    AUDIENCE = "audience"
    BOUNDARY = "boundary"
    CERTIFICATE = "certificate"
    DOCUMENT = "document"
    ISSUER = "issuer"
    LIMITS = "limits"
    POWERS = "powers"
    PRINCIPAL = "principal"
    SUBJECT = "subject"


class Leak(NamedTuple):
    """Somebody else who is believed, or one thing that cannot be shown to be nobody."""

    urn: str
    rule: Rule
    what: str


class Declared(NamedTuple):
    """Who deploys, as the stack's own configuration declares it; without an issuer nobody is believed.

    Attributes:
        subjects: what the tokens of its jobs say about themselves.
        roles: (account, name) of each deployer's role.
        actors: ARNs of the roles that a provider of AWS may act as, whoever deploys.
        trust: what the identity domain's trust has to say, property by property.
        user: the service user that jobs act as there.
        grounds: what each deployer's role may touch, by account and name.
    """

    issuer: str = ""
    subjects: frozenset[str] = frozenset()
    roles: frozenset[tuple[str, str]] = frozenset()
    actors: frozenset[str] = frozenset()
    trust: Mapping[str, object] | None = None
    user: str = ""
    grounds: Mapping[tuple[str, str], Ground] = MappingProxyType({})

    @property
    def host(self) -> str:
        """The issuer as AWS writes it."""
        return self.issuer.removeprefix("https://")


def declared(deployment: Mapping[str, Any]) -> Declared:
    """The jobs of a deployment value that the planner has found right."""
    asked = record(deployment.get("ci"))
    actors = frozenset(f"arn:aws:iam::{account}:role/{name}" for account, name in _actors(deployment))
    if not asked:
        return Declared(actors=actors)
    legacy, domain, issuer = deployment["legacy"], asked["domain"], str(asked["issuer"])
    roles = {
        (str(site["accountId"]), str(site["deployerRole"]))
        for site in legacy["sites"].values()
        if Phase(site["phase"]).has_holders
    }
    if governs := record(legacy.get("organization")):
        roles.add((str(governs["accountId"]), str(governs["deployerRole"])))
    if archive := record(record(deployment.get("audit")).get("archive")):
        roles.add((str(archive["accountId"]), str(archive["deployerRole"])))
    return Declared(
        issuer=issuer,
        actors=actors,
        subjects=frozenset(f"repo:{asked['repository']}:environment:{it}" for it in asked["environments"].values()),
        roles=frozenset(roles),
        trust={
            "idcsEndpoint": domain["url"],
            "type": "JWT",
            "issuer": issuer,
            "publicKeyEndpoint": f"{issuer}/.well-known/jwks",
            "allowImpersonation": True,
            "clientClaimName": "aud",
            "clientClaimValues": [domain["url"]],
            "oauthClients": [domain["clientId"]],
            "subjectType": "User",
        },
        user=str(domain["userId"]),
        grounds={it: ground(deployment, *it) for it in sorted(roles)},
    )


def _actors(deployment: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Account and name of each role that the stack file gives to a provider."""
    legacy, archive = deployment["legacy"], record(record(deployment.get("audit")).get("archive"))
    for it in (*legacy["sites"].values(), record(legacy.get("organization")), archive):
        if it:
            yield str(it["accountId"]), str(it["deployerRole"])


def leaks(graph: Graph, known: Declared) -> tuple[Leak, ...]:
    """Every leak, sorted."""
    found = set[Leak]()
    for node in graph.of(PROVIDER):
        found.update(_leak(node, it) for it in _provider(node, known))
    for node in graph.of(TRUST):
        found.update(_leak(node, it) for it in _trust(node, known))
    for node in graph.of(CLOUD):
        found.update(_leak(node, it) for it in _acting(node, known))
    for node in deployers(graph, known):
        found.update(_leak(node, it) for it in _role(graph, node, known))
    try:
        found.update(_leak(node, (Rule.BOUNDARY, what)) for node, what in boundaries(graph, known.grounds))
    except UnreadableError as error:
        found.update(
            _leak(it, (Rule.DOCUMENT, f"a boundary cannot be read: {error}")) for it in graph.of(MANAGED_POLICY)
        )
    return tuple(sorted(found))


def _leak(node: Node, found: tuple[Rule, str]) -> Leak:
    return Leak(urn=node.urn, rule=found[0], what=found[1])


def deployers(graph: Graph, known: Declared) -> list[Node]:
    """The roles that are called like a deployer's, in whatever account."""
    names = {name for _, name in known.roles}
    return [node for node in graph.of(ROLE) if node.inputs.get("name") in names]


def _provider(node: Node, known: Declared) -> Iterator[tuple[Rule, str]]:
    url, audiences = node.inputs.get("url"), node.inputs.get("clientIdLists")
    if has_unknown(url) or has_unknown(audiences):
        yield Rule.DOCUMENT, "an identity provider that is not known yet"
        return
    if not known.issuer or url != known.issuer:
        yield Rule.ISSUER, f"whoever {url} signs for would be believed"
    for audience in sorted({*map(str, items(audiences))} - {AUDIENCE}):
        yield Rule.AUDIENCE, f"a token that is meant for {audience} would be believed"
    if node.inputs.get("thumbprintLists"):
        yield Rule.CERTIFICATE, "whoever holds a certificate with one of these thumbprints could sign"


def _trust(node: Node, known: Declared) -> Iterator[tuple[Rule, str]]:
    rules = {
        "issuer": Rule.ISSUER,
        "publicKeyEndpoint": Rule.CERTIFICATE,
        "clientClaimName": Rule.AUDIENCE,
        "clientClaimValues": Rule.AUDIENCE,
    }
    wanted = known.trust or {}
    for name in sorted({*node.inputs, *wanted} - _FREE - {"impersonationServiceUsers"}):
        value = node.inputs.get(name)
        if name.startswith("__") or value == wanted.get(name):
            continue
        if has_unknown(value):
            yield Rule.DOCUMENT, f"{name} of a trust is not known yet"
        else:
            what = f"{name} of a trust is {value!r}, which is not what was declared"
            yield rules.get(name, Rule.CERTIFICATE if "ert" in name else Rule.PRINCIPAL), what
    for entry in records(node.inputs.get("impersonationServiceUsers")):
        told = re.fullmatch(_RULE, str(entry.get("rule")))
        if told is None or told[1] not in known.subjects:
            yield Rule.SUBJECT, f"a token would be believed where {entry.get('rule')}"
        if entry.get("value") != known.user:
            yield Rule.PRINCIPAL, f"a job would act as {entry.get('value')}"


def _acting(node: Node, known: Declared) -> Iterator[tuple[Rule, str]]:
    """A provider acts as nobody but the declared deployers."""
    for arn in assumed(node):
        if arn not in known.actors:
            yield Rule.PRINCIPAL, f"would deploy as {arn}, who is declared nowhere"


def assumed(node: Node) -> Iterator[str]:
    """The roles that a provider acts as, as an engine writes them; `?` for what cannot be read."""
    for name in ("assumeRoles", "assumeRoleWithWebIdentity"):
        value: object = node.inputs.get(name)
        try:
            told: object = json.loads(value) if isinstance(value, str) and not has_unknown(value) else value
        except ValueError:
            told = ""
        for role in (records(told) or [record(told)]) if told is not None else ():
            yield str(role.get("roleArn", "?"))


def _role(graph: Graph, node: Node, known: Declared) -> Iterator[tuple[Rule, str]]:
    name, account = str(node.inputs.get("name")), account_of(graph, node)
    if (account, name) not in known.roles:
        yield Rule.PRINCIPAL, f"{name} deploys in account {account or 'that is not known'}, which is declared nowhere"
        return
    try:
        statements = read(node.inputs.get("assumeRolePolicy"), named=True)
    except UnreadableError as error:
        yield Rule.DOCUMENT, f"who may act as {name} cannot be read: {error}"
        return
    for statement in (it for it in statements if not it.denies):
        yield from _believed(statement, account, known)
    yield from _own(graph, account, name, known.grounds[account, name])


def _believed(statement: Statement, account: str, known: Declared) -> Iterator[tuple[Rule, str]]:
    """Whom one statement of a deployer's trust lets in."""
    ours = ("Federated", f"arn:aws:iam::{account}:oidc-provider/{known.host}")
    for kind, who in sorted({*statement.principals} - {ours}) or ([] if statement.principals else [("*", "*")]):
        yield Rule.PRINCIPAL, f"{statement.sid}: {who if kind != '*' else 'anybody'}"
    for action in sorted({*statement.actions} - {"sts:assumerolewithwebidentity"}):
        yield Rule.PRINCIPAL, f"{statement.sid}: {action}, which asks for no token"
    for claim, rule, allowed in (("aud", Rule.AUDIENCE, {AUDIENCE}), ("sub", Rule.SUBJECT, {*known.subjects})):
        bound = [
            it.values
            for it in statement.conditions
            if it.key == f"{known.host}:{claim}".lower()
            and (it.operator == "StringEquals" or (it.operator == "StringLike" and not _patterns(it.values)))
        ]
        if not any({*values} <= allowed for values in bound):
            others = sorted({value for values in bound for value in values} - allowed)
            yield rule, f"{statement.sid}: a token of which {claim} is {', '.join(others) or 'anything'}"


def _patterns(values: tuple[str, ...]) -> bool:
    return any(sign in value for value in values for sign in "*?")


def _own(graph: Graph, account: str, name: str, known: Ground) -> Iterator[tuple[Rule, str]]:
    """What the role's own policies deny it, without a condition, and what they allow it too much."""
    denied = set[str]()
    for node in graph.of(ROLE_POLICY):
        if node.inputs.get("role") != name or account_of(graph, node) != account:
            continue
        try:
            statements = read(node.inputs.get("policy"))
        except UnreadableError as error:
            yield Rule.DOCUMENT, f"what {name} may do cannot be read: {error}"
            continue
        for statement in statements:
            if not statement.denies:
                yield from ((Rule.POWERS, f"{name} would be let {what}") for what in too_much(statement, known))
            elif not statement.conditions and "*" in statement.resources:
                denied.update(filter(statement.touches, NEVER))
    for call in sorted({*NEVER} - denied):
        yield Rule.LIMITS, f"nothing denies {name} {call}"
