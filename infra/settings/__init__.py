"""Settings: the only reader of a stack's configuration.

A stack file is read as text, because only the text has lines and duplicate keys, and then held against what the engine
passes to the program, because only that is what the engine works with. Problems of shape and of meaning are reported
together; a problem that merely follows from an unreadable value is not. Refuses a value from `--config`, an imported
environment or another file: the stack file under review is the only thing that decides where data is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from infra.residency.deployment import DeploymentRequest
from infra.residency.evidence import NO_EVIDENCE, Evidence
from infra.residency.findings import Finding, ResidencyError, Rule, did_you_mean
from infra.residency.placement import Plan
from infra.residency.planner import plan
from infra.settings.edits import Edit, apply, edit
from infra.settings.fields import covered
from infra.settings.schema import KEY_MANAGER_SECRET, Reader
from infra.settings.tree import DEPLOYMENT, Broken, Kind, Map, Node, Scalar, child, parse

if TYPE_CHECKING:
    import pulumi

__all__ = [
    "Edit",
    "Loaded",
    "StackFile",
    "configured",
    "edit",
    "key_manager_secret",
    "load",
    "load_content",
    "read",
    "stack_file",
    "stacks",
]

_NAMESPACE, _NAME = "usdata", "deployment"


@dataclass(frozen=True, slots=True, kw_only=True)
class StackFile:
    """A stack file, read.

    Attributes:
        request: the deployment value; an empty text stands where nothing could be read.
        value: the same as the engine should pass it: maps, texts and whole numbers.
        lines: 1-based line of each path's key.
        findings: what is not in shape.
        broken: paths of what could not be read.
    """

    request: DeploymentRequest
    value: object
    lines: Mapping[str, int]
    findings: tuple[Finding, ...]
    broken: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A stack file whose plan may be.

    Attributes:
        value: the deployment value as plain maps, texts and whole numbers, as the engine passes it.
        lines: 1-based line in the file of each path's key (`oci.regions.us-ashburn-1.cidr`).
    """

    plan: Plan
    request: DeploymentRequest
    value: object
    lines: Mapping[str, int]


def stack_file(root: Path, stack: str) -> Path:
    """Where the file of a stack is; the folder is `stackConfigDir` in Pulumi.yaml."""
    return root / "stacks" / f"Pulumi.{stack}.yaml"


def stacks(root: Path) -> tuple[str, ...]:
    """The names of the stacks that have a file, sorted."""
    files = (root / "stacks").glob("Pulumi.*.yaml")
    return tuple(sorted(file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in files))


def configured() -> object:
    """The deployment value that the engine passes to the running program; an empty map where it passes none.

    Raises:
        ResidencyError: the engine's value is no JSON.
    """
    import pulumi  # noqa: PLC0415 - a third of a second, and only a running program needs it

    try:
        value = cast("object", pulumi.Config(_NAMESPACE).get_object(_NAME))
    except pulumi.ConfigTypeError as error:
        raise ResidencyError([_differs(DEPLOYMENT, "a value that is no map", "the map in the stack file")]) from error
    return {} if value is None else value


def key_manager_secret() -> "pulumi.Output[str]":
    """The secret of the application that Oracle is known by at the key manager, as the engine has it: a secret.

    Nothing may look at it: it goes to the one resource that takes it. A stack file that plans keys held outside Oracle
    has it, so an engine has it, too.
    """
    import pulumi  # noqa: PLC0415 - as above

    return pulumi.Config(_NAMESPACE).require_secret(KEY_MANAGER_SECRET.partition(":")[2])


def load(
    path: Path,
    *,
    configured: object | None,
    as_of: date,
    evidence: Evidence = NO_EVIDENCE,
    edits: Sequence[Edit] = (),
) -> Loaded:
    """Reads and plans a stack file.

    Args:
        path: the stack file.
        configured: what `configured()` gives, or None where no engine runs.
        as_of: the day on which the plan is made.
        evidence: receipts, and what has been deployed so far (`settings.evidence`).
        edits: what a preview of what is not in the file puts in its place.

    Raises:
        ResidencyError: with everything that is wrong with the file, its meaning, or the engine's view of it.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ResidencyError([_no_file(path, error)]) from error
    return load_content(content, configured=configured, as_of=as_of, evidence=evidence, edits=edits)


def load_content(
    content: bytes,
    *,
    configured: object | None,
    as_of: date,
    evidence: Evidence = NO_EVIDENCE,
    edits: Sequence[Edit] = (),
) -> Loaded:
    """The same from a stack file's content, which need not be in a file yet.

    Raises:
        ResidencyError: as `load`.
    """
    file = read(content, edits)
    findings = list(file.findings)
    planned: Plan | None = None
    try:
        planned = plan(file.request, as_of, evidence)
    except ResidencyError as error:
        findings.extend(_worth_telling(error.findings, file))
    if not findings and configured is not None:
        findings.extend(
            replace(finding, line=_line(file, finding.path)) for finding in _compare(file.value, configured)
        )
    if planned is None or findings:
        raise ResidencyError(findings)
    return Loaded(plan=planned, request=file.request, value=file.value, lines=file.lines)


_EMPTY = Finding(
    path="",
    rule=Rule.MISSING_KEY,
    given="an empty file",
    allowed="a stack file with the key config",
    fix="start from stacks/Pulumi.sandbox.yaml",
    line=1,
)


def read(content: bytes, edits: Sequence[Edit] = ()) -> StackFile:
    """A stack file from its bytes, whatever they are: what can be read of it, and what is not in shape.

    Raises:
        ResidencyError: the place of an edit is not there.
    """
    root, findings = parse(content)
    root = apply(root, edits) if root is not None and edits else root
    reader = Reader(findings=findings)
    if root is None:
        reader.broken.add("")
        if not findings:
            findings.append(_EMPTY)
    request = reader.stack_file(root or Broken(line=1))
    return StackFile(
        request=request,
        value=_value(root),
        lines=MappingProxyType(reader.lines),
        findings=tuple(reader.findings),
        broken=frozenset(reader.broken),
    )


def _worth_telling(findings: tuple[Finding, ...], file: StackFile) -> Iterator[Finding]:
    """The planner's findings with their lines, without those that rest on what could not be read."""
    for finding in findings:
        if not any(covered(path, file.broken) for path in (finding.path, *finding.basis)):
            yield replace(finding, line=_line(file, finding.path))


def _line(file: StackFile, path: str) -> int | None:
    """The line of a path, or of the nearest place around it that has one."""
    while path not in file.lines and "." in path:
        path = path.rpartition(".")[0]
    return file.lines.get(path, file.lines.get(DEPLOYMENT))


def _value(root: Node | None) -> object:
    """The deployment value of a tree as plain data."""
    node = root
    for key in ("config", f"{_NAMESPACE}:{_NAME}"):
        node = node.entries[key].value if isinstance(node, Map) and key in node.entries else None
    return None if node is None else _plain(node)


def _plain(node: Node) -> object:
    match node:
        case Map(entries=entries):
            return {key: _plain(entry.value) for key, entry in entries.items()}
        case Scalar(kind=Kind.WHOLE, text=text):
            return int(text)
        case Scalar(kind=Kind.BOOLEAN, text=text):
            return text.lower() == "true"
        case Scalar(text=text):
            return text
        case _:  # found wrong already, and never compared
            return None


def _compare(ours: object, theirs: object, path: str = DEPLOYMENT) -> Iterator[Finding]:
    """Where the file and the engine's value differ."""
    mine, other = _entries(ours), _entries(theirs)
    if mine is not None and other is not None:
        for key in sorted({*mine, *other}, key=str):
            if key in mine and key in other:
                yield from _compare(mine[key], other[key], child(path, str(key)))
            else:
                place = "in the file only" if key in mine else "in the engine's value only"
                yield _differs(child(path, str(key)), f"{key}, {place}", "the same keys in both")
    elif type(ours) is not type(theirs) or ours != theirs:  # True is no 1
        yield _differs(path, f"the engine has {theirs!r}", f"what the file says: {ours!r}")


def _entries(value: object) -> dict[str, object] | None:
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def _differs(path: str, given: str, allowed: str) -> Finding:
    return Finding(
        path=path,
        rule=Rule.CONFIG_DIFFERS,
        given=given,
        allowed=allowed,
        why="what was reviewed is the stack file; nothing else decides where data is",
        fix="run without -c, --config-file and environments, and set nothing for it in Pulumi.yaml",
    )


def _no_file(path: Path, error: OSError) -> Finding:
    known = stacks(path.parent.parent)
    wanted = path.name.removeprefix("Pulumi.").removesuffix(".yaml")
    return Finding(
        path="",
        rule=Rule.FILE,
        given=f"{path.name}: {error.strerror}",
        allowed=f"a stack that has a file: {', '.join(known)}" if known else "a file stacks/Pulumi.<stack>.yaml",
        fix=did_you_mean(wanted, known, "name one of these, or add the file"),
    )
