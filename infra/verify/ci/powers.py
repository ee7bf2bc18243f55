"""What a deployer's role is let do too much, statement by statement, and what bounds the roles that it makes.

Every call of an allow has to be one that a deployment needs (`ground`), about what the configuration has there, and
under conditions that a call which does not say the right thing makes false. Roles that a deployer makes it could let do
anything; so each of them has a boundary, which lets nothing but work on backups, and which no deployer changes.

What it does not prove: that a deployment needs no other call.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from infra.verify.aws.globs import fits
from infra.verify.aws.grants import of_role
from infra.verify.aws.plain import Statement, attached
from infra.verify.ci.ground import CALLS, TARGET, Call, Ground
from infra.verify.graph import Graph, Node
from infra.verify.models.place import account_of
from infra.verify.values import has_unknown

ROLE: Final = "aws:iam/role:Role"
MANAGED_POLICY: Final = "aws:iam/policy:Policy"

_EXACT = frozenset({"ArnEquals", "ArnLike", "Bool", "StringEquals", "StringLike"})
_SEVERAL = ("ForAllValues:ArnEquals", "ForAnyValue:ArnEquals")
"""What a key that has several values takes: none may be another, and there has to be one."""


def too_much(statement: Statement, known: Ground) -> Iterator[str]:
    """What one allow in a deployer's own policies lets it do too much, in words.

    No place has a pattern of one letter, so a pattern that fits one as if it were a name stays within it.
    """
    if not statement.resources:
        yield f"{statement.sid}: about nothing in particular"
    for action in statement.actions:
        call = CALLS.get(action)
        if call is None:
            yield f"{statement.sid}: {action}, which no deployment calls"
            continue
        for resource in statement.resources:
            if not any(fits(resource, place) for about in call.about for place in known.places[about]):
                yield f"{statement.sid}: {action} on {resource}"
        yield from (f"{statement.sid}: {action} whatever its {key} is" for key in _unsaid(statement, call, known))


def _unsaid(statement: Statement, call: Call, known: Ground) -> Iterator[str]:
    """The keys that a call has to carry and may leave out, or carry with another value."""
    for key in call.says:
        told = {it.operator for it in statement.conditions if it.key == key and {*it.values} <= known.says[key]}
        if not (told >= {*_SEVERAL} if key == TARGET else told & _EXACT):
            yield key


def read(text: object, *, named: bool = False) -> tuple[Statement, ...]:
    """The statements of a role's own policy, or, named, of who may act as it.

    Raises:
        UnreadableError: it is not known yet, or is none.
    """
    return attached("" if has_unknown(text) else str(text), named=named)


def boundaries(graph: Graph, grounds: Mapping[tuple[str, str], Ground]) -> Iterator[tuple[Node, str]]:
    """Roles whose deployer could let them do anything, and boundaries that let roles do more than work on backups."""
    of_account = {account: it for (account, _), it in grounds.items()}
    deployers, bounds = {*grounds}, set[str]()
    for node in graph.of(MANAGED_POLICY):
        known = of_account.get(account_of(graph, node))
        if known is None or not known.boundary.endswith(f":policy/{node.inputs.get('name')}"):
            yield node, f"{node.inputs.get('name')} lets whoever it is attached to something that is not declared"
            continue
        bounds.add(known.boundary)
        yield from ((node, what) for what in _unbounded(read(node.inputs.get("policy")), known))
    for node in graph.of(ROLE):
        account, name = account_of(graph, node), str(node.inputs.get("name"))
        if account not in of_account or (account, name) in deployers:
            continue
        bound = of_account[account].boundary
        if node.inputs.get("permissionsBoundary") != bound or bound not in bounds:
            yield node, f"whoever deploys could let {name} do anything: it has no boundary"


def _unbounded(statements: tuple[Statement, ...], known: Ground) -> Iterator[str]:
    """What a boundary lets roles do beside work on the backups of one of the account's sites."""
    for statement in (it for it in statements if not it.denies):
        wrong = [[what for _, what in of_role(site, (statement,))] for site in known.sites]
        if all(wrong):
            yield from (wrong or [[f"{statement.sid}: a boundary where there is no site"]])[0]
