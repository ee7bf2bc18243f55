"""A loopback server that speaks as much of Oracle Cloud's API as the home of a state needs; the real SDK talks to it.

It behaves like the cloud in what a state's safety rests on: conditional writes (`if-match`, `if-none-match: *`), which
it decides under one lock and answers with 412; ETags that change with every write; versions that a write leaves behind;
404 and 409 with Oracle's codes; lists in pages; request signatures, checked with the session's public key over the
headers that they name; a session that ends.

It is not the cloud in this: every name is one of a flat set (no compartment tree), policies are kept and not judged,
nothing is encrypted, vaults and keys are ready after a fixed number of looks, and there is one region.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from infra.deploy.oracle import Clients, maker, sdk
from infra.residency.regions import UsRegion

NAMESPACE = "axsandbox"
COMPARTMENT = "ocid1.compartment.oc1..aaaaaaaastate"
TOKEN = "session-token"
_PAGE = 2
_LOOKS = 2
"""How often a new vault or key is looked at before it is ready."""

_PATHS = {
    "vaults": ("/20180608/vaults", "vault"),
    "keys": ("/20180608/keys", "key"),
    "secrets": ("/20180608/secrets", "vaultsecret"),
    "policies": ("/20160918/policies", "policy"),
}


@dataclass
class Cloud:
    """What is there, and what was asked.

    Attributes:
        objects: content and ETag, by bucket and name; `versions` what writes replaced.
        things: vaults, keys, secrets and policies, each by its OCID.
        calls: method and path of each request that was let in, in order.
        token: the session's.
        ended: whether the session has ended.
        before_write: called with the name before a write is decided: somebody else's chance.
    """

    url: str = ""
    token: str = TOKEN
    public_key: Any = None
    buckets: dict[str, dict[str, Any]] = field(default_factory=dict)
    objects: dict[tuple[str, str], tuple[bytes, str]] = field(default_factory=dict)
    versions: dict[tuple[str, str], list[bytes]] = field(default_factory=lambda: defaultdict(list))
    things: dict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: defaultdict(dict))
    contents: dict[str, str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    ended: bool = False
    before_write: Any = None
    lock: threading.RLock = field(default_factory=threading.RLock)
    counter: int = 0

    def etag(self) -> str:
        """A new one."""
        self.counter += 1
        return f"etag-{self.counter}"

    def put(self, bucket: str, name: str, data: bytes) -> str:
        """Write past every condition, as somebody with a console does."""
        with self.lock:
            if (bucket, name) in self.objects:
                self.versions[bucket, name].append(self.objects[bucket, name][0])
            self.objects[bucket, name] = (data, etag := self.etag())
            return etag

    def guarded_bucket(self, name: str, **changes: Any) -> None:
        """A bucket as bootstrap makes it, with changes."""
        self.buckets[name] = {
            "name": name,
            "namespace": NAMESPACE,
            "compartmentId": COMPARTMENT,
            "publicAccessType": "NoPublicAccess",
            "kmsKeyId": "ocid1.key.oc1.iad.aaaaaaaa1",
            "versioning": "Enabled",
            **changes,
        }


class _FailureError(Exception):
    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    cloud: Cloud

    def log_message(self, *args: Any) -> None:
        """Says nothing."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        try:
            with self.cloud.lock:
                self._admit()
                self.cloud.calls.append(f"{self.command} {urlsplit(self.path).path}")
                content, headers = self._route(body)
            status = 200
        except _FailureError as failure:
            status, headers = failure.status, {}
            content = json.dumps({"code": failure.code, "message": f"{failure.code}: refused by the test's cloud"})
        data = content if isinstance(content, bytes) else content.encode()
        self.send_response(status)
        for name, value in {"content-length": str(len(data)), "opc-request-id": "r", **headers}.items():
            self.send_header(name, value)
        if "content-type" not in headers:
            self.send_header("content-type", "application/json")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _answer  # noqa: N815 (the names are the base class's)

    def _admit(self) -> None:
        """The signature is the session's, over what it names (Oracle's page "Request Signatures")."""
        given = dict(re.findall(r'(\w+)="([^"]*)"', self.headers.get("authorization") or ""))
        if given.get("keyId") != f"ST${self.cloud.token}" or self.cloud.ended:
            raise _FailureError(401, "NotAuthenticated")
        signed = given["headers"].split()
        if not {"date", "(request-target)", "host"} <= set(signed):
            raise _FailureError(401, "NotAuthenticated")
        target = f"{self.command.lower()} {self.path}"
        text = "\n".join(f"{name}: {target if name == '(request-target)' else self.headers[name]}" for name in signed)
        try:
            self.cloud.public_key.verify(
                base64.b64decode(given["signature"]), text.encode(), padding.PKCS1v15(), SHA256()
            )
        except InvalidSignature as error:
            raise _FailureError(401, "NotAuthenticated") from error

    def _route(self, body: bytes) -> tuple[bytes | str, dict[str, str]]:
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        path = unquote(url.path)
        if found := re.fullmatch(rf"/n/{NAMESPACE}/b/([^/]+)/o/(.+)", path):
            return self._object(found[1], found[2], body)
        if found := re.fullmatch(rf"/n/{NAMESPACE}/b/([^/]+)/o/?", path):
            return self._listing(found[1], query)
        if found := re.fullmatch(rf"/n/{NAMESPACE}/b/?([^/]*)/?", path):
            return self._bucket(found[1], body)
        if found := re.fullmatch(r"/20190301/secretbundles/(.+)", path):
            return self._secret_bundle(found[1])
        for kind, (root, word) in _PATHS.items():
            if path == root or path.startswith(f"{root}/"):
                return self._thing(kind, word, path.removeprefix(root).strip("/"), body, query)
        raise _FailureError(404, f"NotFound {self.command} {path}")

    def _object(self, bucket: str, name: str, body: bytes) -> tuple[bytes | str, dict[str, str]]:
        cloud = self.cloud
        if bucket not in cloud.buckets:
            raise _FailureError(404, "BucketNotFound")
        if self.command in {"PUT", "DELETE"}:
            if cloud.before_write is not None:
                cloud.before_write(name)
            found = cloud.objects.get((bucket, name))
            wanted, unwanted = self.headers.get("if-match"), self.headers.get("if-none-match")
            if (wanted and (found is None or found[1] != wanted)) or (unwanted == "*" and found is not None):
                raise _FailureError(412, "IfMatchFailed" if wanted else "IfNoneMatchFailed")
            if self.command == "DELETE":
                if found is None:
                    raise _FailureError(404, "ObjectNotFound")
                cloud.versions[bucket, name].append(cloud.objects.pop((bucket, name))[0])
                return "", {}
            digest = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
            return "", {"etag": cloud.put(bucket, name, body), "opc-content-md5": digest}
        if (bucket, name) not in cloud.objects:
            raise _FailureError(404, "ObjectNotFound")
        data, etag = cloud.objects[bucket, name]
        return data, {"etag": etag, "content-type": "application/octet-stream"}

    def _listing(self, bucket: str, query: dict[str, str]) -> tuple[str, dict[str, str]]:
        names = sorted(name for of, name in self.cloud.objects if of == bucket)
        names = [n for n in names if n.startswith(query.get("prefix", "")) and n >= query.get("start", "")]
        rest = {"nextStartWith": names[_PAGE]} if len(names) > _PAGE else {}
        return json.dumps({"objects": [{"name": name} for name in names[:_PAGE]], "prefixes": [], **rest}), {}

    def _bucket(self, name: str, body: bytes) -> tuple[str, dict[str, str]]:
        if self.command == "POST":
            asked = json.loads(body)
            if asked["name"] in self.cloud.buckets:
                raise _FailureError(409, "BucketAlreadyExists")
            self.cloud.buckets[asked["name"]] = {"namespace": NAMESPACE, **asked}
            return json.dumps(self.cloud.buckets[asked["name"]]), {"etag": self.cloud.etag()}
        if name not in self.cloud.buckets:
            raise _FailureError(404, "BucketNotFound")
        return json.dumps(self.cloud.buckets[name]), {"etag": self.cloud.etag()}

    def _secret_bundle(self, ocid: str) -> tuple[str, dict[str, str]]:
        if ocid not in self.cloud.contents:
            raise _FailureError(404, "NotAuthorizedOrNotFound")
        content = {"contentType": "BASE64", "content": self.cloud.contents[ocid]}
        return json.dumps({"secretId": ocid, "versionNumber": 1, "secretBundleContent": content}), {}

    def _thing(self, kind: str, word: str, ocid: str, body: bytes, query: dict[str, str]) -> tuple[str, dict[str, str]]:
        things = self.cloud.things[kind]
        if self.command == "POST":
            asked = json.loads(body)
            self.cloud.counter += 1
            made = {
                "id": f"ocid1.{word}.oc1.iad.aaaaaaaa{self.cloud.counter}",
                "lifecycleState": "CREATING" if kind in {"vaults", "keys"} else "ACTIVE",
                "managementEndpoint": self.cloud.url,
                "protectionMode": "HSM",
                "looks": 0,
                **asked,
            }
            things[made["id"]] = made
            if kind == "secrets":
                length = asked["secretGenerationContext"]["passphraseLength"]
                self.cloud.contents[made["id"]] = base64.b64encode(b"x" * length).decode()
            return json.dumps(made), {}
        if ocid:
            found = things[ocid]
            found["looks"] += 1
            if found["looks"] >= _LOOKS and found["lifecycleState"] == "CREATING":
                found["lifecycleState"] = "ENABLED" if kind == "keys" else "ACTIVE"
            return json.dumps(found), {}
        start = int(query.get("page", "0"))
        rows = list(things.values())
        rest = {"opc-next-page": str(start + _PAGE)} if len(rows) > start + _PAGE else {}
        return json.dumps(rows[start : start + _PAGE]), rest


@cache
def _session_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def session_pem(*, fresh: bool = False) -> bytes:
    """The private key of the session, as a profile has it in a file; or that of somebody else's."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048) if fresh else _session_key()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@contextmanager
def serving():
    """A cloud with nothing in it, and clients of it with a session."""
    key = _session_key()
    cloud = Cloud(public_key=key.public_key())
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"cloud": cloud}))
    cloud.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    signer = sdk("auth.signers").SecurityTokenSigner(TOKEN, key)
    make = maker(UsRegion.ASHBURN, signer, service_endpoint=cloud.url, retry_strategy=sdk("retry").NoneRetryStrategy())
    try:
        yield cloud, Clients(region=UsRegion.ASHBURN, make=make)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
