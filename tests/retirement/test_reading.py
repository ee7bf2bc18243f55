"""Bodies that are read past the library's own way of asking."""

from typing import Any

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from infra.retirement.reading import Reader
from tests.retirement.rig import ODD_KEYS, put
from tests.retirement.s3_server import ACCOUNT

BUCKET = "usds-messages-virginia"


@pytest.fixture
def stored(rig):
    """Odd keys with the version that each of them has."""
    return {key: str(put(BUCKET, key, key.encode(), kms_key=rig.keys["virginia"]).version_id) for key in ODD_KEYS}


def read(rig, stored, key):
    """What a reader gets of a key, who encrypts it, and with how many requests."""
    before = len(rig.legacy.requests)
    place = {"Bucket": BUCKET, "Key": key, "VersionId": stored[key], "ExpectedBucketOwner": ACCOUNT}
    answer = Reader(rig.client()).get_object(**place)
    return answer["Body"].read(), answer.get("SSEKMSKeyId"), len(rig.legacy.requests) - before


def signature(environ):
    """That of what arrived, computed from it: method, address to the letter, signed headers."""
    said = dict(part.split("=", 1) for part in environ["HTTP_AUTHORIZATION"].partition(" ")[2].split(", "))
    names = {name: f"HTTP_{name.upper().replace('-', '_')}" for name in said["SignedHeaders"].split(";")}
    headers = {name: environ[there] for name, there in names.items()}
    request: Any = AWSRequest("GET", f"http://{headers['host']}{environ['REQUEST_URI']}", headers=headers)
    request.context["timestamp"] = environ["HTTP_X_AMZ_DATE"]
    auth: Any = S3SigV4Auth(Credentials("test", "test"), "s3", "us-east-1")
    text = auth.string_to_sign(request, auth.canonical_request(request))
    return said["Signature"], auth.signature(text, request)


def test_every_key_is_read_with_one_request(rig, stored):
    """Whatever its characters: what arrives is what was signed, and the library need not ask again."""
    arrived: list[Any] = []
    rig.legacy.faults.append(arrived.append)
    found = {key: read(rig, stored, key) for key in stored}
    assert found == {key: (key.encode(), rig.keys["virginia"], 1) for key in stored}
    assert [given == right for given, right in map(signature, arrived)] == [True] * len(stored)


@pytest.mark.parametrize("status", ["500 Internal Server Error", "503 Slow Down", "403 Forbidden"])
def test_what_is_refused_once_is_asked_again_by_the_library(rig, stored, status):
    """The content arrives, by a second request; what is refused again and again is for the library to tell."""
    answers = iter([(status, "SlowDown")])
    rig.legacy.faults.append(lambda _: next(answers, None))
    key = next(iter(stored))
    assert read(rig, stored, key) == (key.encode(), rig.keys["virginia"], 2)


@pytest.mark.parametrize(
    ("others", "code"),
    [({"IfMatch": '"no such tag"'}, "PreconditionFailed"), ({"VersionId": "none"}, "NoSuchVersion")],
)
def test_an_error_is_the_librarys_own(rig, stored, others, code):
    """With its code, which the comparison tells a changed object by."""
    place = {"Bucket": BUCKET, "Key": next(iter(stored)), "VersionId": stored[next(iter(stored))]}
    with pytest.raises(ClientError) as caught:
        Reader(rig.client()).get_object(**place | others)
    assert caught.value.response["Error"]["Code"] == code
