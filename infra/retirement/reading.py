"""Bodies of objects, each asked for at less than half of what a request of the library costs.

A comparison is almost nothing but small reads. The library signs them here and sends them over its own connections, as
ever; what it does around that (rules of endpoints, hooks, a model of the answer) is done once for each bucket. Whatever
is not answered as expected is asked again by the library itself, which retries, and says what is wrong.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote

from infra.retirement.errors import UnfinishedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_OK: Final = 200
_HEADERS: Final = {"ExpectedBucketOwner": "x-amz-expected-bucket-owner", "IfMatch": "If-Match"}
_KEY: Final = "x-amz-server-side-encryption-aws-kms-key-id"
_TRIES: Final = 5
"""Of one body; what asks for it tries by itself."""


Made = TypeVar("Made")


def to_the_end(
    ask: Callable[[], dict[str, Any]], take: Callable[[Any], tuple[int, Made]], size: int, what: str
) -> tuple[Made, dict[str, Any]]:
    """What a body is made into, with its answer; asked for again where the connection broke in it, or it was cut.

    Args:
        ask: Asks for the body.
        take: Reads it; how many bytes came, and what was made of them.
        size: How many bytes it has.
        what: The object, for people.

    Raises:
        UnfinishedError: it never came whole.
        HTTPClientError, IncompleteReadError: the connection broke in it, each time.
        ClientError, BotoCoreError: as whoever asks.
    """
    from botocore.exceptions import HTTPClientError, IncompleteReadError  # noqa: PLC0415 - loaded with the clients

    for attempt in range(1, _TRIES + 1):
        answer = ask()
        try:
            length, made = take(answer["Body"])
        except (HTTPClientError, IncompleteReadError):
            if attempt == _TRIES:
                raise
            continue
        if length == size:
            return made, answer
    raise UnfinishedError(f"{what}: {_TRIES} answers ended before its {size:,} bytes; run again")


class Reader:
    """Reads objects for a client; threads may share it."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._signer = client._request_signer  # noqa: SLF001 - neither has a public name; the version is pinned
        self._connections = client._endpoint.http_session  # noqa: SLF001 - as above
        self._places: dict[str, str] = {}

    def get_object(self, **asked: str) -> dict[str, Any]:
        """As the client's own, whose answer here has the body and the key that encrypts it.

        Args:
            asked: `Bucket` and `Key`; `VersionId`, `ExpectedBucketOwner` and `IfMatch` where they are wanted.

        Raises:
            ClientError, BotoCoreError: as the client's own.
        """
        from botocore.exceptions import HTTPClientError  # noqa: PLC0415 - loaded with the clients
        from botocore.response import StreamingBody  # noqa: PLC0415 - the same

        with suppress(HTTPClientError):  # what does not come through the library asks for once more, and tells
            answer = self._ask(asked)
            if answer.status_code == _OK:
                key = {"SSEKMSKeyId": answer.headers[_KEY]} if _KEY in answer.headers else {}
                return key | {"Body": StreamingBody(answer.raw, answer.headers.get("content-length"))}
            _ = answer.content  # to the end, so that the connection can be used again
        return self._client.get_object(**asked)

    def _ask(self, asked: Mapping[str, str]) -> Any:
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415 - loaded with the clients

        request: Any = AWSRequest(
            method="GET",
            url=self._place(asked["Bucket"]) + quote(asked["Key"], safe="/~"),
            params={"versionId": asked["VersionId"]} if "VersionId" in asked else {},
            headers={header: asked[name] for name, header in _HEADERS.items() if name in asked},
            stream_output=True,
        )
        self._signer.sign("GetObject", request)
        return self._connections.send(request.prepare())

    def _place(self, bucket: str) -> str:
        """The beginning of the addresses of a bucket's objects, as the library makes them."""
        if bucket not in self._places:
            signed = str(self._client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"}))
            self._places[bucket] = signed.partition("?")[0].removesuffix("k")
        return self._places[bucket]
