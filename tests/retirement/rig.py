"""A rehearsal of two legacy sites on the test server: buckets, a job file each, two signers, the tool."""

from __future__ import annotations

import io
import json
import random
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import yaml
from botocore.config import Config
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from moto.s3.models import s3_backends

from infra.retirement import cli, cli_common
from infra.retirement.signing import public_key_of, public_key_text
from tests.retirement.s3_server import ACCOUNT, Door, forget_everything, serving

if TYPE_CHECKING:
    from pathlib import Path

SITES = {"virginia": "us-east-1", "singapore": "ap-southeast-1"}
SESSION = boto3.Session()
SIGNERS = ("security", "compliance")
ODD_KEYS = (
    *("../x", "../../etc/passwd", "./x", "..", ".", "a//b", "/lead", "a/./b", "trail/", "a\\b", "null", " spaces "),
    *("e\u0301", "\u00e9", "\u00fc/\u00f1", "\U0001f600", "\u202egnp.exe", "tab\tx", "del\x7f", "a&b<c>\"'", "q?x=1#f"),
    *("%41", "%2e%2e/", "+plus", "A", "a", "x" * 1024, "\u00e9" * 512),
)
"""Keys that a careless tool mixes up, cannot spell, or writes elsewhere; distinct, and some equal when normalised."""


@dataclass(kw_only=True)
class Answer:
    """What a command said: exit code, standard output and error."""

    code: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        """Standard output of a command that was called with `--json`."""
        return json.loads(self.out)


@dataclass(kw_only=True)
class Rig:
    """Everything a test needs; made by `rehearsal`."""

    folder: Path
    legacy: Door
    oracle: Door
    keys: dict[str, str]
    now: datetime = datetime(2026, 11, 24, 12, tzinfo=UTC)
    waits: list[float] = field(default_factory=list)

    def job(self, site: str) -> Path:
        """The job file of a site."""
        return self.folder / f"{site}.yaml"

    def edit_job(self, site: str, **changes: object) -> None:
        """Change values of a job file."""
        value = yaml.safe_load(self.job(site).read_text())
        self.job(site).write_text(yaml.safe_dump(value | changes))

    def run(self, *arguments: str) -> Answer:
        """Run a command in this process, one second later than the last."""
        self.now += timedelta(seconds=1)
        out, err = io.StringIO(), io.StringIO()
        world = cli_common.World(clock=lambda: self.now, wait=self.waits.append, stderr=err)
        code = 0
        with redirect_stdout(out), redirect_stderr(err):
            try:
                cli.main(arguments, world)
            except SystemExit as end:
                code = int(end.code or 0)
        return Answer(code=code, out=out.getvalue(), err=err.getvalue())

    def step(self, site: str, *arguments: str) -> Answer:
        """Run a step of a site, with its job and work files."""
        return self.run(*arguments, "--job", str(self.job(site)), *self.work)

    @property
    def work(self) -> tuple[str, str]:
        """The option that names the folder of work files."""
        return ("--work", str(self.folder / "work"))

    def right(self, site: str, *arguments: str) -> Any:
        """Run a step that must succeed; returns its value."""
        answer = self.step(site, *arguments, "--json")
        assert (answer.code, answer.err.replace("listing twice, 900 seconds apart\n", "")) == (0, ""), answer
        return answer.value

    def sign(self, site: str, *signers: str) -> list[str]:
        """Write the receipts that are due and have them signed by these (or both) signers; returns the files."""
        written: list[str] = self.right(site, "attest", "write")["written"]
        for signer in signers or SIGNERS:
            if written:
                answer = self.run("attest", "sign", *written, "--key", str(self.folder / f"{signer}.pem"))
                assert answer.code == 0, answer
        return written

    def prepare(self, site: str) -> str:
        """Census, comparison, receipts, signatures, confirmation: everything before the wipe. Returns the root."""
        root: str = self.right(site, "census")["censusRoot"]
        self.right(site, "compare")
        self.sign(site)
        self.edit_job(site, confirmCensus=root[:8])
        return root

    def client(self, service: str = "s3", region: str = "us-east-1") -> Any:
        """A client of the legacy side for the test's own use."""
        return SESSION.client(
            service,
            region_name=region,
            endpoint_url=self.legacy.url,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(s3={"addressing_style": "path"}),
        )


def put(bucket: str, key: str, body: bytes, *, kms_key: str | None = None) -> Any:
    """Store an object without going through the door; returns what moto keeps of it."""
    encryption = {"encryption": "aws:kms", "kms_key_id": kms_key} if kms_key else {}
    return s3_backends[ACCOUNT]["aws"].put_object(bucket, key, body, **encryption)


def remaining(bucket: str) -> int:
    """How many versions, markers and uploads a bucket has."""
    found = s3_backends[ACCOUNT]["aws"].buckets[bucket]
    return sum(len(found.keys.getlist(name)) for name in found.keys) + len(found.multiparts)


def draining(bucket: str) -> dict[str, Any]:
    """The policy of a bucket that takes no writes, as the stack writes it from phase `drain` on."""
    statement = {
        "Sid": "DenyWriting",
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["s3:PutObject"],
        "Resource": [f"arn:aws:s3:::{bucket}/*"],
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def buckets_of(site: str) -> dict[str, str]:
    """The site's buckets and where their data belongs in Oracle Cloud."""
    return {f"usds-{data}-{site}": f"usds-{data}-iad" for data in ("messages", "profiles")}


def rehearsal(stack: ExitStack, folder: Path, monkeypatch: Any) -> Rig:
    """Both sites with empty buckets, keys, signers and job files."""
    forget_everything()
    legacy = stack.enter_context(serving(Door(like_oracle=False)))
    oracle = stack.enter_context(serving(Door(like_oracle=True)))
    credentials = folder / "credentials"
    lines = [f"[{name}]\naws_access_key_id = test\naws_secret_access_key = test\n" for name in (*SITES, "oracle")]
    credentials.write_text("\n".join(lines))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "none"))
    rig = Rig(folder=folder, legacy=legacy, oracle=oracle, keys={})
    signers: dict[str, str] = {}
    for name in SIGNERS:
        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / f"{name}.pem").write_bytes(pem)
        signers[name] = public_key_text(public_key_of(key))
    for site, region in SITES.items():
        s3 = rig.client(region=region)
        rig.keys[site] = rig.client("kms", region).create_key()["KeyMetadata"]["Arn"]
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        for bucket in buckets_of(site):
            s3.create_bucket(Bucket=bucket, **place)
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
            s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(draining(bucket)))
        value = {
            "stack": "rehearsal",
            "site": site,
            "region": region,
            "accountId": ACCOUNT,
            "profile": site,
            "endpoint": legacy.url,
            "keyArn": rig.keys[site],
            "covers": "every-version",
            "buckets": {name: {"": {"bucket": to, "missing": "restore"}} for name, to in buckets_of(site).items()},
            "oracle": {"region": "us-ashburn-1", "endpoint": oracle.url, "profile": "oracle"},
            "signers": signers,
            "receipts": "receipts",
        }
        rig.job(site).write_text(yaml.safe_dump(value))
    for bucket in sorted({name for site in SITES for name in buckets_of(site).values()}):
        rig.client().create_bucket(Bucket=bucket)
    return rig


def fill(rig: Rig, site: str, objects: int, seed: int = 1) -> None:
    """Objects in a site's buckets: older versions, deleted keys, uploads, odd names; copies of most in Oracle Cloud."""
    rng = random.Random(seed)  # noqa: S311 - test data
    backend = s3_backends[ACCOUNT]["aws"]
    key = rig.keys[site]
    names = list(ODD_KEYS) + [f"user/{number:07}" for number in range(objects)]
    for number, name in enumerate(names[:objects]):
        bucket, home = sorted(buckets_of(site).items())[number % 2]
        body = rng.randbytes(rng.choice((0, 1, 40, 900)))
        put(bucket, name, body, kms_key=key)
        if number % 7:
            put(home, name, body)
        if number % 10 == 0:
            put(bucket, name, body + b"again", kms_key=key)
        if number % 20 == 0:
            backend.delete_object(bucket, name)
        if number % 50 == 0:
            backend.create_multipart_upload(bucket, f"{name[:500]}.part", {}, "STANDARD", {}, None, "", "")
