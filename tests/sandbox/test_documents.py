"""IAM documents: what AWS refuses before it looks at anything else, one deliberate break per rule."""

import json

import pytest

from infra.sandbox.aws.documents import DocumentError, key_region, parse

ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
FOR_ALL = ALLOW | {"Principal": "*"}
ROLE = "arn:aws:iam::111111111111:role/r"


def document(*statements: object, **top: object) -> str:
    """A document of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)} | top)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "invalid Json"),
        ("[]", "at the top"),
        ('{"Version": "2012-10-17"}', "at the top"),
        (document(ALLOW, Owner="me"), "at the top"),
        (document(ALLOW, Version="2020-01-01"), "valid version"),
        (document(), "empty"),
        (document("Allow"), "is an object"),
        (document(ALLOW | {"Effects": "Allow"}), "Unknown field Effects"),
        (document(ALLOW | {"Effect": "Maybe"}), "Invalid effect: Maybe"),
        (document(FOR_ALL), "should not specify a principal"),
        (document({"Effect": "Allow", "Resource": "*"}), "invalid action: none"),
        (document(ALLOW | {"Action": ["s3:GetObject", "everything"]}), "everything"),
        (document(ALLOW | {"Condition": {"StringIs": {"a": "b"}}}), "StringIs"),
        (document(ALLOW | {"Condition": {"StringEquals": "b"}}), "StringEquals"),
        (document(ALLOW | {"Sid": "a"}, ALLOW | {"Sid": "a"}), "unique"),
    ],
)
def test_identity_documents_refused(text, words):
    """A document for a role or user."""
    with pytest.raises(DocumentError, match=words):
        parse(text, with_principals=False)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (ALLOW, "Missing required field Principal"),
        (FOR_ALL | {"NotPrincipal": "*"}, "Missing required field Principal"),
        (ALLOW | {"Principal": {}}, "one of AWS, Service"),
        (ALLOW | {"Principal": "me"}, "one of AWS, Service"),
        (ALLOW | {"Principal": {"Person": "me"}}, "one of AWS, Service"),
        (ALLOW | {"Principal": {"AWS": "me"}}, "AWS me"),
        (ALLOW | {"Principal": {"AWS": [7]}}, "AWS 7"),
        (ALLOW | {"Principal": {"Service": "s3.example.com"}}, r"Service s3\.example\.com"),
        (ALLOW | {"Principal": {"Federated": ""}}, "Federated"),
    ],
)
def test_resource_documents_refused(statement, words):
    """A document of a bucket, key or trust, which has to say whom it is about."""
    with pytest.raises(DocumentError, match=words):
        parse(document(statement), with_principals=True)


def test_what_is_read():
    """One string and a list of one are the same; what is negated is marked; every kind of principal is kept."""
    principals = {"AWS": [ROLE, "111111111111", "*"], "Service": "kms.amazonaws.com", "Federated": "saml"}
    denied = {"Effect": "Deny", "NotAction": "s3:*", "NotResource": ["*"], "Principal": principals}
    first, second = parse(
        document(FOR_ALL | {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}, denied), with_principals=True
    )
    assert (first.effect, first.principals, first.actions, first.resources) == (
        "Allow", (("*", "*"),), ("s3:GetObject",), ("*",),
    )  # fmt: skip
    assert first.conditions == {"Bool": {"aws:SecureTransport": "false"}}
    assert (first.inverted, second.inverted) == (False, True)
    assert set(second.principals) == {
        ("AWS", ROLE), ("AWS", "111111111111"), ("AWS", "*"), ("Service", "kms.amazonaws.com"), ("Federated", "saml"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("arn:aws:kms:us-east-1:111111111111:key/0123-abcd", "us-east-1"),
        ("arn:aws:kms:eu-west-1:111111111111:alias/backup", "eu-west-1"),
        ("alias/backup", None),
        ("0123456789abcdef0123456789abcdef0123", None),
        ("mrk-0123456789abcdef0123456789abcdef", None),
    ],
)
def test_region_of_a_key(text, region):
    """An ARN says where the key lies; an id or alias lies where the request goes."""
    assert key_region(text) == region


@pytest.mark.parametrize("text", ["", "backup", "arn:aws:s3:::bucket", "arn:aws:kms:us-east-1:1:key/x"])
def test_what_is_no_key(text):
    """Anything else is refused and not guessed."""
    with pytest.raises(DocumentError, match="is no key"):
        key_region(text)
