"""An S3 and KMS server on loopback for the tests: moto behind two doors, one like AWS, one like Oracle Cloud.

Both doors lead to the same buckets. Oracle's refuses what Oracle's S3-compatible API refuses or does not document:
bodies in signed chunks, checksums in trailers, listings of versions, the second listing call. moto's listing of
versions copies every object for every page and cannot go on after a key; it is replaced here by one that sorts once and
pages as the API reference says.
What this cannot show: Oracle's and AWS's own behaviour beyond what is written here.
"""

from __future__ import annotations

import bisect
import threading
from contextlib import contextmanager
from typing import Any

from cheroot.wsgi import Server
from moto.core import DEFAULT_ACCOUNT_ID
from moto.kms.models import kms_backends
from moto.s3.models import FakeDeleteMarker, S3Backend, s3_backends
from moto.server import create_backend_app

ACCOUNT = DEFAULT_ACCOUNT_ID


def _list_object_versions(  # noqa: PLR0917 - moto's own signature
    self: S3Backend,
    bucket_name: str,
    delimiter: str | None = None,  # noqa: ARG001 - the tool lists without one
    key_marker: str | None = None,
    max_keys: int | None = 1000,
    prefix: str = "",
    version_id_marker: str | None = None,
) -> tuple[list[Any], list[str], list[Any], str | None, str | None]:
    """Pages of versions: keys in UTF-8 order, newest version first; markers are exclusive."""
    bucket = self.get_bucket(bucket_name)
    names = sorted((name for name in bucket.keys if name.startswith(prefix)), key=str.encode)
    start = 0
    if key_marker is not None:
        start = bisect.bisect_left(names, key_marker.encode(), key=str.encode)
    found: list[Any] = []
    limit = max_keys or 1000
    more = False
    for name in names[start:]:
        versions = list(reversed(bucket.keys.getlist(name)))
        for number, version in enumerate(versions):
            version.is_latest = number == 0
        if name == key_marker:
            ids = [version.version_id for version in versions]
            versions = versions[ids.index(version_id_marker) + 1 :] if version_id_marker in ids else []
        room = limit - len(found)
        found += versions[:room]
        if len(versions) > room or (len(found) == limit and name != names[-1]):
            more = True
            break
    markers = [version for version in found if isinstance(version, FakeDeleteMarker)]
    versions = [version for version in found if not isinstance(version, FakeDeleteMarker)]
    last = found[-1] if more else None
    return versions, [], markers, last and last.name, last and str(last.version_id)


S3Backend.list_object_versions = _list_object_versions


class Door:
    """One listening address; `faults` are asked in turn and the first answer that is not None is given instead."""

    def __init__(self, *, like_oracle: bool) -> None:
        self.like_oracle = like_oracle
        self.faults: list[Any] = []
        self.rewrites: list[Any] = []
        self.requests: list[tuple[str, str, str]] = []
        self.url = ""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        query = environ.get("QUERY_STRING", "")
        self.requests.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], query))
        for fault in [*self.faults, *([_oracle_refuses] if self.like_oracle else [])]:
            answer = fault(environ)
            if answer is not None:
                status, code = answer
                body = f"<Error><Code>{code}</Code><Message>injected</Message></Error>".encode()
                environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
                start_response(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
                return [body]
        if not self.rewrites:
            return _application(environ, start_response)
        kept: dict[str, Any] = {}

        def keep(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
            kept.update(status=status, headers=headers)

        body = b"".join(_application(environ, keep))
        for rewrite in self.rewrites:
            body = rewrite(environ, body)
        headers = [pair for pair in kept["headers"] if pair[0].lower() != "content-length"]
        start_response(kept["status"], [*headers, ("Content-Length", str(len(body)))])
        return [body]


_APPLICATIONS = {service: create_backend_app(service) for service in ("s3", "kms", "sts")}


def _application(environ: dict[str, Any], start_response: Any) -> Any:
    """The service that the signature is scoped to; moto's own dispatcher looks through its folders for each request."""
    environ["RAW_URI"] = environ["REQUEST_URI"]  # moto takes a key from it, under the name that other servers give it
    scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].split("/")
    return _APPLICATIONS[scope[3] if len(scope) > 3 else "s3"](environ, start_response)


def _oracle_refuses(environ: dict[str, Any]) -> tuple[str, str] | None:
    query = environ.get("QUERY_STRING", "")
    chunked = "aws-chunked" in environ.get("HTTP_CONTENT_ENCODING", "")
    streaming = environ.get("HTTP_X_AMZ_CONTENT_SHA256", "").startswith("STREAMING-")
    if chunked or streaming or "HTTP_X_AMZ_TRAILER" in environ:
        return "501 Not Implemented", "NotImplemented"
    if environ["REQUEST_METHOD"] == "GET" and ("versions" in query.split("&") or "list-type=2" in query):
        return "501 Not Implemented", "NotImplemented"
    return None


@contextmanager
def serving(door: Door):
    """Serve a door on a free port of loopback; connections stay open, as those of the real services do."""
    server = Server(("127.0.0.1", 0), door, numthreads=10, request_queue_size=64)
    server.expiration_interval = 0.02  # seconds: how long it takes to end
    server.error_log = lambda *_, **__: None  # a client that was killed is no news
    server.prepare()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    door.url = f"http://127.0.0.1:{server.bind_addr[1]}"
    try:
        yield door
    finally:
        server.stop()
        thread.join()


def forget_everything() -> None:
    """Remove all buckets and keys from the simulated services."""
    s3_backends.reset()
    kms_backends.reset()


def content_of(bucket: str) -> dict[str, bytes]:
    """Current objects of a bucket, straight from the server's memory."""
    found = s3_backends[ACCOUNT]["aws"].buckets[bucket].keys
    return {name: found[name].value for name in found if not isinstance(found[name], FakeDeleteMarker)}
