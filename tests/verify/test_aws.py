"""AWS's policies by two deciders: patterns and classes by themselves, random documents, what is refused by name.

That AWS evaluates documents so is read in its documentation, not tested.
"""

import json
from itertools import product
from random import Random

import pytest

from infra.verify.aws import cover, enumeration, replay
from infra.verify.aws.document import UnmodelledError, parse
from infra.verify.aws.globs import TooManyError, arn, classes, like, literal, matches
from infra.verify.aws.request import Question
from infra.verify.graph import UNKNOWN
from tests.deciders import documents

READ = Question(actions=("s3:getobject",), resources=("arn:aws:s3:::b/*",), but=(), open=True)


def document(**parts: object):
    """A document of one denial."""
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", **parts}
    return json.dumps({"Version": "2012-10-17", "Statement": [{k: v for k, v in statement.items() if v is not None}]})


@pytest.mark.parametrize(
    ("pattern", "fits", "misses"),
    [
        (like("s3:Get*"), ["s3:Get", "s3:GetObject"], ["s3:Put", "xs3:Get"]),
        (like("a?c"), ["abc", "a:c"], ["ac", "abbc"]),
        (like("*"), ["", "x"], []),
        (like("a.b"), ["a.b"], ["axb"]),
        (literal("a*"), ["a*"], ["ab"]),
        (arn("arn:aws:s3:*:*:b*"), ["arn:aws:s3:::b", "arn:aws:s3:x:y:b:c"], ["arn:aws:s3:x:y:z:b", "arn:aws:s3::b"]),
        (arn("arn:aws:s3:::?"), ["arn:aws:s3:::x"], ["arn:aws:s3:::xy"]),
    ],
)
def test_patterns_match_what_they_say(pattern, fits, misses):
    """A star in one of the first five parts of an ARN stays in it."""
    assert [text for text in (*fits, *misses) if matches(pattern, text)] == fits


PATTERNS = ["a*", "*b", "ab", "a*b*", "?b", "*a*b*a*", "", "b*", "aba*aba", "abaaba"]


def test_every_class_of_texts_is_found():
    """All vectors that some short text has are among those of the classes' texts, for each four of ten patterns."""
    texts = ["".join(chars) for size in range(7) for chars in product("abz", repeat=size)]
    for chosen in list(product(PATTERNS, repeat=4))[::61]:
        patterns = [like(it) for it in chosen]
        vectors = {tuple(matches(it, text) for it in patterns) for text in classes(patterns)}
        assert {tuple(matches(it, text) for it in patterns) for text in texts[:400]} <= vectors


def test_too_many_classes_are_refused():
    """Twelve patterns that may all match or not."""
    texts = [f"*{char}*{char}*{char}*" for char in "abcdefgh"]
    with pytest.raises(TooManyError):
        classes(list(map(like, texts)))
    with pytest.raises(UnmodelledError, match="more classes"):
        cover.admitted(parse(document(Resource=texts)), READ)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "not known"),
        (UNKNOWN, "not known"),
        ("{", "no JSON"),
        ("[]", "without statements"),
        ('{"Statement": []}', "without statements"),
        ('{"Statement": ["x"]}', "without statements"),
        (document(Effect="Maybe"), "something else"),
        (document(Extra="x"), "something else"),
        (document(Action=None), "without Action"),
        ('{"Version": "2012-10-17x", "Statement": [{}]}', "another version"),
        ('{"Statement": [{}], "Policy": "x"}', "another version"),
        (document(Principal=None), "a principal that is none"),
        (document(Principal={}), "a principal that is none"),
        (document(Principal={"AWS": []}), "a principal that is none"),
        (document(Condition="x"), "no object"),
        (document(Condition={"Null": "x"}), "Null of nothing"),
        (document(Condition={"Null": {}}), "Null of nothing"),
        (document(Condition={"Null": {"k": []}}), "Null of k with nothing"),
        (document(Condition={"Null": {"k": "falsex"}}), "neither true nor false"),
        (document(Condition={"BoolIfExists": {"k": "*"}}), "neither true nor false"),
        (document(Principal="me"), "a principal that is none"),
        (document(Principal={"Federated": "x"}), "kind Federated"),
        (document(Principal={"CanonicalUser": "x"}), "kind CanonicalUser"),
        (document(Principal={"AWS": "arn:aws:sts::111111111111:assumed-role/a/b"}), "kind AWS"),
        (document(Resource="arn:aws:s3:::b/${aws:username}"), "policy variable"),
        (document(Condition={"StringEqualsIgnoreCase": {"s3:prefix": "x"}}), "StringEqualsIgnoreCase"),
        (document(Condition={"BinaryEquals": {"x": "eA=="}}), "BinaryEquals"),
        (document(Condition={"ForAnyValue:Null": {"x": "true"}}), "ForAnyValue:Null"),
        (document(Condition={"ArnLike": {"aws:SourceArn": "*"}}), "no ARN"),
        (document(Condition={"DateLessThan": {"aws:CurrentTime": "2027-01-01"}}), "no time"),
        (document(Condition={"DateLessThan": {"aws:CurrentTime": "soonZ"}}), "no time"),
        (document(Condition={"IpAddress": {"aws:SourceIp": "here"}}), "none"),
        (document(Condition={"NumericLessThan": {"s3:max-keys": "few"}}), "no number"),
        (document(Condition={"NumericLessThan": {"aws:PrincipalArn": "1"}}), "aws:principalarn"),
        (document(Condition={"StringEquals": {"k": "a"}, "IpAddress": {"k": "::/0"}}), "do not go together"),
        (document(Condition={"StringEquals": {"k": "a"}, "ForAnyValue:StringEquals": {"k": "b"}}), "go together"),
        (document(Condition={"ForAnyValue:StringEquals": {"k": list("abcdefg")}}), "too many others"),
    ],
)  # fmt: skip
def test_what_is_not_modelled_is_refused_by_name(text, why):
    """Nothing of it is skipped."""
    with pytest.raises(UnmodelledError, match=why):
        cover.admitted(parse(text), READ)


@pytest.mark.parametrize(
    "condition",
    [
        {"NumericLessThan": {"s3:max-keys": "10"}},
        {"NumericGreaterThanEquals": {"s3:max-keys": ["10"]}},
        {"Null": {"s3:prefix": "true"}},
        {"Null": {"s3:prefix": "false"}},
        {"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "::/0"]}},
        {"StringNotEquals": {"s3:prefix": "x"}},
        {"ForAllValues:StringEquals": {"k": "x"}},
        {"BoolIfExists": {"aws:SecureTransport": False}},
        {"Null": {"s3:prefix": "FALSE"}},
    ],
)
def test_what_a_condition_leaves_open_is_admitted(condition):
    """The counterexample is one that the denial does not meet: an evaluator of its own confirms it, and finds one."""
    text = document(Condition=condition)
    found = cover.admitted(parse(text), READ)
    assert replay.compiled(text, open_=True)(found)
    assert enumeration.admitted(text, READ)


def test_both_deciders_agree_on_random_documents():
    """A sample of the campaign `make deciders`: what is refuted replays, of what is proved nothing is admitted."""
    cases = [documents.instance(Random(f"test:{at}")) for at in range(300)]  # noqa: S311 - not for secrets
    assert [why for case in cases if (why := documents.disagreement(case))] == []
    proved = [case for case in cases if documents.decided(*case) is None]
    assert 60 < len(proved) < 240
    assert all(enumeration.admitted(text, question) is None for text, question in proved[:20])


def test_requests_replay_against_proved_documents():
    """A sample of the ten million of the campaign: none is admitted."""
    replayed, admitted = documents.replays(Random("test"), 20_000)  # noqa: S311 - not for secrets
    assert (replayed >= 20_000, admitted) == (True, [])
