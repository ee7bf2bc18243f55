"""T5: nobody but declared groups and roles, from where they are declared, is let read private data, in either cloud.

In Oracle Cloud no statement lets in anybody but a declared group, from its own network, in a region of this stack,
until the end that was declared, for what its duty brings, and Object Storage itself; and beside statements no bucket,
network, member or key lets anybody in. At a legacy site nobody reads a backup, lists its history or decrypts it but the
one role that the site's phase names, and nobody acts as that role but whom the phase names; and nobody is believed to
deploy but the declared jobs of one repository, by a token that says so, and they are let do what deploying this
configuration takes, and make no role that could do more than work on backups.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from infra.verify.aws import access as aws_access
from infra.verify.aws import alike, legacy
from infra.verify.aws.document import UnmodelledError, parse
from infra.verify.aws.request import Request
from infra.verify.ci import trust
from infra.verify.context import Context
from infra.verify.declared import Declared
from infra.verify.graph import Graph, Node
from infra.verify.oracle import access, doors, duties
from infra.verify.search import Opinion, opinion, worst
from infra.verify.values import is_unknown, items
from infra.verify.verdict import Answer, Counterexample, Findings, Missing, Verdict, missing, refuted

ID: Final = "T5"
TITLE: Final = "access"
ASSUMPTIONS: Final = (
    "IAM of both clouds evaluates policies as its documentation says",
    "who is a member of a group, and who holds a role's credentials, is as declared",
    "an issuer of identity tokens signs what is true, for declared jobs and for all others",
    "the tenancy's default administrators and the accounts' root users are watched, not bound",
    "who may change a policy does so through this stack: policies are deployed, logged and reviewed",
)


def decide(context: Context) -> Verdict:
    """Read each statement in Oracle Cloud; at the legacy sites cover what must not be admitted by what is denied."""
    graph, findings = context.graph, Findings()
    declared = access.declared(context.declared.deployment)
    findings.add(*(_told(graph, leak) for leak in access.leaks(graph, declared)))
    for part in (doors.leaks, duties.leaks):
        findings.add(*(_told(graph, leak) for leak in graph.ask(part, context.declared)))
    answers = graph.each(legacy.ABOUT, _answered, context.declared)
    findings.add(*(it.found for it in answers if it.found is not None))
    read_here = [it.document for it in answers if it.document]
    jobs = trust.declared(context.declared.deployment)
    findings.add(*(_believed(graph, leak) for leak in trust.leaks(graph, jobs)))
    sites, named = aws_access.declared(context.declared.deployment), frozenset(name for _, name in jobs.roles)
    for leak in aws_access.leaks(graph, sites, named):
        unread = leak.rule is aws_access.Rule.DOCUMENT
        if not unread or leak.urn not in read_here or not _only_denies(graph.nodes[leak.urn]):
            findings.add(_legacy(graph, leak))
    statements = sum(len(items(node.inputs.get("statements"))) for node in graph.of(access.POLICY))
    examined = statements + len(read_here)
    return findings.verdict(ID, TITLE, examined=examined, flows=len(read_here), assumptions=ASSUMPTIONS)


def _only_denies(node: Node) -> bool:
    """Whether a bucket's policy that was read lets nobody do anything: all there is to ask of it is what it denies."""
    return node.type == legacy.BUCKET_POLICY and not any(it.allows for it in parse(node.inputs.get("policy")))


class _Answer(NamedTuple):
    """What came of a question at a legacy site: the URN of a document that was read, and what is wrong."""

    document: str
    found: Counterexample | Missing | None


def _answered(graph: Graph, node: Node, declared: Declared) -> Iterator[_Answer]:
    """Cover what each question is about by what the document denies."""
    for asked in legacy.about(graph, node, declared):
        if isinstance(asked, legacy.Open):
            yield _Answer("", _open(asked))
            continue
        try:
            found = alike.admitted(asked.document, asked.question, str(asked.node.inputs.get("bucket", "")))
        except UnmodelledError as error:
            yield _Answer("", missing(asked.node, f"{asked.node.name}: {error}", path=asked.path))
        else:
            yield _Answer(asked.node.urn, None if found is None else _admitted(asked, found))


_FIXES: Final = {
    access.Rule.COMPARTMENT: "put it, and what it names, where the component does",
    access.Rule.NETWORK: "declare the range, or take it out",
    access.Rule.PUBLIC: "set accessType to NoPublicAccess",
    access.Rule.SUBJECT: "declare it, or remove it",
}


def _told(graph: Graph, leak: access.Leak) -> Counterexample | Missing:
    node = graph.nodes[leak.urn]
    what = f"{node.name}: {leak.what}"
    if leak.rule in {access.Rule.STATEMENT, access.Rule.UNKNOWN}:
        return missing(node, what, path="statements" if leak.rule is access.Rule.STATEMENT else "")
    path = "statements" if node.type == access.POLICY else ""
    fix = "narrow the statement, or declare who it is for" if path else _FIXES.get(leak.rule, "remove it")
    return refuted(node, what, path=path, fix=fix, witness={"rule": leak.rule.value, "urn": leak.urn})


def _legacy(graph: Graph, leak: aws_access.Leak) -> Counterexample | Missing:
    node = graph.nodes[leak.urn]
    if leak.rule is aws_access.Rule.DOCUMENT:
        return missing(node, f"{node.name}: {leak.what}", path="policy")
    return refuted(node, f"{node.name}: {leak.what}", witness={"rule": leak.rule.value, "urn": leak.urn})


def _believed(graph: Graph, leak: trust.Leak) -> Counterexample | Missing:
    node = graph.nodes[leak.urn]
    what = f"{node.name}: {leak.what}"
    if leak.rule is trust.Rule.DOCUMENT:
        return missing(node, what)
    fix = "believe the declared jobs alone: docs/deploy.md"
    return refuted(node, what, fix=fix, witness={"rule": leak.rule.value, "urn": leak.urn})


def _open(found: legacy.Open) -> Counterexample | Missing:
    if is_unknown(found.node.inputs.get(found.path)):
        return missing(found.node, f"{found.node.name}: {found.path} is not known", path=found.path)
    return refuted(
        found.node, f"{found.node.name}: {found.what}", path=found.path, fix="close it", witness={"urn": found.node.urn}
    )


def _admitted(asked: legacy.Asked, found: Request) -> Counterexample:
    who = found.principal.removeprefix("service:") if found.principal != "anonymous" else "anybody"
    context = [f"{key} = {_said(value)}" for key, value in sorted(found.context.items())]
    return refuted(
        asked.node,
        f"{asked.node.name}: {who} would be let {asked.what}",
        path=asked.path,
        because=f"nothing denies {found.action} on {found.resource}"
        if asked.question.open
        else "a statement allows it",
        fix=f"deny it to all but {', '.join(asked.question.but) or 'nobody'}",
        trace=tuple(context),
        witness={
            "document": asked.document,
            "open": asked.question.open,
            "principal": found.principal,
            "action": found.action,
            "resource": found.resource,
            "context": dict(found.context),
        },
    )


def _said(value: str | frozenset[str]) -> str:
    return value if isinstance(value, str) else ", ".join(sorted(value))


def replayed(example: Counterexample) -> bool:
    """Whether a counterexample at a legacy site happens: its request, asked of the document itself."""
    from infra.verify.aws import replay  # noqa: PLC0415 (only a refutation needs it)

    witness: Any = example.witness
    request = Request(
        principal=witness["principal"],
        action=witness["action"],
        resource=witness["resource"],
        context=witness["context"],
    )
    return replay.compiled(witness["document"], open_=witness["open"])(request)


def decide_slowly(context: Context) -> Answer:
    """Make up requests one by one, and ask each statement and each document."""
    return worst(opinions(context))


def opinions(context: Context) -> Iterator[Opinion]:
    """Of each statement, each document at the legacy sites, and whatever lets somebody in beside them."""
    from infra.verify.aws import enumeration  # noqa: PLC0415
    from infra.verify.aws import visits as at_sites  # noqa: PLC0415
    from infra.verify.ci import tokens  # noqa: PLC0415 (a proof does without)
    from infra.verify.oracle import attempts, visits  # noqa: PLC0415 (the same)

    sites, jobs = aws_access.declared(context.declared.deployment), trust.declared(context.declared.deployment)
    yield from tokens.opinions(context.graph, jobs)
    yield from attempts.opinions(context.graph, context.declared)
    yield from visits.opinions(context.graph, context.declared)
    yield from at_sites.opinions(context.graph, sites, frozenset(name for _, name in jobs.roles))
    for asked in legacy.asked(context.graph, context.declared):
        if isinstance(asked, legacy.Open):
            unknown = is_unknown(asked.node.inputs.get(asked.path))
            yield opinion(Answer.UNDECIDED if unknown else Answer.REFUTED, asked.node.urn)
            continue
        try:
            parse(asked.document)
        except UnmodelledError:
            yield opinion(Answer.UNDECIDED, asked.node.urn)
            continue
        if enumeration.admitted(str(asked.document), asked.question):
            yield opinion(Answer.REFUTED, asked.node.urn)
