"""Policies that differ in their bucket's name are decided once, and no differently than each by itself."""

import json
from random import Random

import pytest

from infra.verify.aws import access, alike, cover, document, grants, plain
from tests.deciders import documents
from tests.support.graphs import declarations, graph

ARN = "arn:aws:s3:::"


def outcome(decide):
    """What is found, or that it cannot be told."""
    try:
        return decide()
    except document.UnmodelledError as error:
        return str(error)


def test_a_question_is_answered_as_if_asked_of_the_policy_itself():
    """On random documents, most of which name other buckets and patterns too; the short way is taken by some.

    That what is decided of a bucket is right is for the two deciders to show.
    """
    taken = 0
    for seed in range(600):
        text, question = documents.instance(Random(seed))  # noqa: S311 (nobody has to guess it)
        if seed % 2:
            text = text.replace(f'"{ARN}*/k"', f'"{ARN}b/k"').replace('"*"', f'"{ARN}b/*"')
        direct = outcome(lambda text=text, question=question: cover.admitted(document.parse(text), question))
        assert outcome(lambda text=text, question=question: alike.admitted(text, question, "b")) == direct
        places = tuple(alike.renamed(it, "b") for it in question.resources)
        taken += alike._closed(alike.renamed(text, "b"), question._replace(resources=places))
    assert taken >= 10


SITES = {site.name: site for site in access.declared(declarations("sandbox").deployment)}


def policies():
    """The policies of buckets of the sandbox stack's sites, with their sites."""
    for node in graph("sandbox").of(access.BUCKET_POLICY):
        name = node.inputs["bucket"]
        yield from ((name, site, node.inputs["policy"]) for site in SITES.values() if site.has(name))


def changed(text, name):
    """A policy about something else in one place: another bucket, a pattern, a longer name, a condition, nothing."""
    parts = text.split(ARN + name)
    for at in range(1, len(parts)):
        for other in (f"{ARN}other", f"{ARN}{name[:-2]}*", f"{ARN}*", f"{ARN}{name}-more", f"{ARN}-", "*"):
            yield (ARN + name).join(parts[:at]) + other + (ARN + name).join(parts[at:])
    found = json.loads(text)
    for at, statement in enumerate(found["Statement"]):
        condition = {"ArnLike": {"aws:SourceArn": [ARN + name]}}
        rest = [*found["Statement"][:at], {**statement, "Condition": condition}, *found["Statement"][at + 1 :]]
        yield json.dumps({**found, "Statement": rest})
        yield json.dumps({**found, "Statement": rest[:at] + rest[at + 1 :]})


def test_leaks_of_a_policy_are_those_of_the_policy_itself():
    """On the shipped policies and on each with one thing changed; of some there are leaks, of some not."""
    seen = set()
    for name, site, text in (it for it in policies() if '"Allow"' in it[2]):
        for edited in (text, *changed(text, name)):
            direct = tuple(grants.of_bucket(site, name, plain.parse(edited)))
            assert alike.leaks(edited, site, name) == direct
            seen.add(bool(direct))
    assert seen == {True, False}


@pytest.mark.parametrize("name", ["b*", "b?", "", "B", "b[a]", "-"])
def test_a_name_that_is_a_pattern_is_not_put_aside(name):
    """Such a name stands for others than itself."""
    assert alike.renamed(f'{{"Resource": "{ARN}{name}/*"}}', name) == ""


def test_a_policy_that_names_the_placeholder_is_not_put_aside():
    """Two names would become one."""
    assert alike.renamed(f'{{"Resource": ["{ARN}b", "{ARN}-"]}}', "b") == ""


def test_a_policy_that_cannot_be_read_is_refused_by_its_own_text():
    """The reason is of the policy as it is written."""
    with pytest.raises(plain.UnreadableError):
        alike.leaks("{}", next(iter(SITES.values())), "b")
