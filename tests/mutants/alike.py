"""How to write the same in another way: lists, policy documents, Oracle's statements, names.

Each function makes an operator (`mutant.Operator`) of an edit that is tried wherever it applies; what an edit leaves as
it is, or has nothing to do with, is no place.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any

from infra.verify.graph import UNKNOWN
from infra.verify.models import MODELS
from infra.verify.oracle.requests import parts
from tests.mutants.mutant import Changes, Operator, Stack, State, edited, short

DOCUMENTS: Mapping[str, str] = {
    "aws:iam/policy:Policy": "policy",
    "aws:iam/role:Role": "assumeRolePolicy",
    "aws:iam/rolePolicy:RolePolicy": "policy",
    "aws:kms/key:Key": "policy",
    "aws:organizations/policy:Policy": "content",
    "aws:s3/bucketPolicy:BucketPolicy": "policy",
    "aws:sns/topicPolicy:TopicPolicy": "policy",
}
"""Where each type has its policy document."""

ORDERED = {"oci:Dns/steeringPolicy:SteeringPolicy rules", "oci:Limits/quota:Quota statements"}
"""Lists whose order means something."""


def everywhere(change: Callable[[State], object]) -> Operator:
    """An edit of a copy of each whole state, once for each type."""

    def operator(stack: Stack) -> Iterator[tuple[str, Changes]]:
        seen = set[str]()
        for urn in sorted(stack.states):
            copy = deepcopy(stack.states[urn])
            change(copy)
            if copy["type"] not in seen and json.dumps(copy) != json.dumps(stack.states[urn]):
                seen.add(copy["type"])
                yield short(copy), {urn: copy}

    return operator


def listed(name: str, value: object, *but: str) -> Operator:
    """An input more, or another, of every type that has it in its lists."""

    def change(state: State) -> None:
        model = MODELS.get(state["type"])
        if model is not None and name in model.irrelevant and state["type"].rpartition(":")[2] not in but:
            had = state["inputs"].get(name)
            state["inputs"][name] = {**had, **value} if isinstance(had, dict) and isinstance(value, dict) else value

    return everywhere(change)


def reordered(stack: Stack) -> Iterator[tuple[str, Changes]]:
    """Each list of each type backwards, where its order means nothing."""
    seen = set[str]()
    for urn in sorted(stack.states):
        copy = deepcopy(stack.states[urn])
        for path, found in _lists(copy["inputs"], copy["type"]):
            if path not in seen | ORDERED and found != found[::-1]:
                seen.add(path)
                found.reverse()
                yield f"{path.partition(' ')[2]} of {short(copy)}", {urn: deepcopy(copy)}
                found.reverse()


def _lists(value: Any, path: str) -> Iterator[tuple[str, list[Any]]]:
    """Each list in a value, but in the same list's elements only those of the first."""
    if isinstance(value, list):
        yield path, value
        yield from _lists(value[0], path) if value else ()
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _lists(item, f"{path} {name}")


def renamed(stack: Stack) -> Iterator[tuple[str, Changes]]:
    """Another logical name of one resource of each type, wherever it is named; and then of all."""
    urns = sorted(stack.states)
    firsts = {stack.states[urn]["type"]: urn for urn in reversed(urns)}
    for urn in sorted(firsts.values()):
        yield short(stack.states[urn]), _renamed(stack, {urn: f"{urn}-by-another-name"})
    yield "all", _renamed(stack, {urn: f"{urn.rpartition('::')[0]}::n{at}" for at, urn in enumerate(urns)})


def _renamed(stack: Stack, names: Mapping[str, str]) -> Changes:
    def new(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: new(item) for key, item in value.items()}
        return [new(item) for item in value] if isinstance(value, list) else names.get(value, value)

    def provider(reference: str) -> str:
        urn, _, id_ = reference.rpartition("::")
        return f"{names.get(urn, urn)}::{id_}" if reference else reference

    changes: Changes = dict.fromkeys(names)
    for urn, state in stack.states.items():
        told = {key: new(state[key]) for key in ("urn", "parent", "dependencies", "propertyDependencies")}
        after = {**state, **told, "provider": provider(state["provider"])}
        if after != state:
            changes |= {names.get(urn, urn): after}
    return changes


def written(write: Callable[[State], str]) -> Operator:
    """Each policy document, parsed, as other text."""

    def operator(stack: Stack) -> Iterator[tuple[str, Changes]]:
        for urn in sorted(stack.states):
            state = stack.states[urn]
            path = DOCUMENTS.get(state["type"], "")
            text = state["inputs"].get(path)
            if isinstance(text, str) and UNKNOWN not in text and (after := write(json.loads(text))) != text:
                yield short(state), {urn: _with(state, path, after)}

    return operator


def statement(change: Callable[[State], object]) -> Operator:
    """Each statement of each policy document edited, or where the edit gives some, those in its place."""

    def write(document: State) -> str:
        after = list[Any]()
        for it in document["Statement"]:
            given = change(it)
            after += given if isinstance(given, list) else [it]
        return json.dumps({**document, "Statement": after})

    return written(write)


def compared(
    name: Callable[[str], str], key: Callable[[str], str] = str, value: Callable[[Any], Any] = deepcopy
) -> Operator:
    """The conditions of each statement by other operators, keys and values; those that would fall together stay."""

    def change(said: State) -> None:
        before = said.get("Condition", {})
        if len({name(it) for it in before}) == len(before):
            after = {name(one): {key(it): value(of) for it, of in keys.items()} for one, keys in before.items()}
            said.update({"Condition": after} if before else {})

    return statement(change)


def said(change: Callable[[str], str | list[str]], kind: str = "oci:Identity/policy:Policy") -> Operator:
    """Each statement of Oracle's policies, quotas or routing written in another way, or as several."""

    def operator(stack: Stack) -> Iterator[tuple[str, Changes]]:
        for state in stack.of(kind.rpartition(":")[2]):
            texts = [change(text) for text in state["inputs"]["statements"]] if state["type"] == kind else []
            after = [one for it in texts for one in (it if isinstance(it, list) else [it])]
            if texts and after != state["inputs"]["statements"]:
                yield short(state), {state["urn"]: _with(state, "statements", after)}

    return operator


_KEYWORDS = re.compile(
    r"\b(allow|deny|group|service|any-user|to|in|tenancy|compartment|manage|use|read)\b(?![-:'])", re.IGNORECASE
)


def keywords(spelled: Callable[[str], str]) -> Operator:
    """The words of the language of policies, not the names in them, spelled in another way."""

    def change(text: str) -> str:
        head, where, condition = text.partition(" where ")
        head = _KEYWORDS.sub(lambda it: spelled(it[0]), head)
        return head + spelled(where) + re.sub(r"\b(all|any)(?= *{)", lambda it: spelled(it[0]), condition)

    return said(change)


def conditions(change: Callable[[list[str]], list[str]]) -> Operator:
    """The parts of each statement's condition, in another order or with more around them."""

    def rewrite(text: str) -> str:
        found = re.fullmatch(r"(.* where all {)(.*)}", text)
        return text if found is None else f"{found[1]}{', '.join(change([it.strip() for it in parts(found[2])]))}}}"

    return said(rewrite)


def each_of(pattern: str) -> Operator:
    """A statement for each of the alternatives that a pattern finds in one, in place of all of them."""

    def change(text: str) -> str | list[str]:
        found = re.search(pattern, text)
        if found is None or text.startswith("deny"):
            return text
        return [text.replace(found[0], found[0].replace(found[1], it)) for it in found[1].split(", ")]

    return said(change)


def parsed(name: str, write: Callable[[State], str], *kinds: str) -> Operator:
    """An input that is JSON, as other text of the same meaning; where that fails it does not apply."""

    def operator(stack: Stack) -> Iterator[tuple[str, Changes]]:
        for state in stack.of(*kinds):
            try:
                after = write(json.loads(state["inputs"][name]))
            except (KeyError, TypeError):
                continue
            if after != state["inputs"][name]:
                yield short(state), {state["urn"]: _with(state, name, after)}

    return operator


def _with(state: State, name: str, value: object) -> State:
    return edited(state, lambda given: given.update({name: value}))


def again(*kinds: str, type_: str = "", change: Callable[[State], object] = dict, **inputs: object) -> Operator:
    """A resource like another one, beside it, with other inputs."""

    def operator(stack: Stack) -> Iterator[tuple[str, Changes]]:
        for state in stack.of(*kinds):
            if state["type"].startswith(type_):
                urn = f"{state['urn']}-again"
                copy = edited(state, lambda given: (change(given), given.update(inputs)))
                yield short(state), {urn: copy | {"urn": urn}}

    return operator
