"""The job: which site is retired, where its data must be found, whose signatures count; read from one YAML file.

The file says the same as the stack file does about the site, with the names of credentials beside it. Nothing that
places or names data has a default. A profile names credentials in the AWS tools' own files; no key stands in the job,
and no environment variable decides an endpoint or an account.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlsplit

from infra.residency.findings import nearest
from infra.residency.receipts import Scope
from infra.residency.regions import LegacyRegion, UsRegion
from infra.retirement.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Covers(StrEnum):
    """Which versions must be found in Oracle Cloud before anything is deleted: all, or the current one of each key."""

    EVERY_VERSION = "every-version"
    CURRENT_VERSION = "current-version"


class Missing(StrEnum):
    """Where `drain` puts an object whose key does not exist in Oracle Cloud.

    RESTORE: under its own key; right where the site was the data's home. ARCHIVE: under the history prefix; right where
    the site only held backups, because what is missing may be what a user deleted, and must not come back.
    """

    RESTORE = "restore"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Keys that begin with `prefix` belong, without it, into `bucket` of Oracle Cloud."""

    prefix: str
    bucket: str
    missing: Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One legacy site to retire.

    Attributes:
        scope: the site, as receipts name it.
        profile: credentials of the site's account.
        endpoint: a server on this machine that stands in for AWS (tests, rehearsals); None is AWS itself.
        key_arn: the KMS key under which the site's data is encrypted.
        buckets: the site's data buckets with their routes, longest prefix first.
        confirm_census: `confirmCensus` of the stack file.
        signers: raw public keys by the signer's name.
        receipts: folder of the stack's receipts.
        reports_bucket: the site's bucket of inventory reports; needed only for a census from them.
    """

    scope: Scope
    region: LegacyRegion
    profile: str
    endpoint: str | None
    key_arn: str
    covers: Covers
    buckets: Mapping[str, tuple[Route, ...]]
    oracle_region: UsRegion
    oracle_endpoint: str
    oracle_profile: str
    confirm_census: str | None
    signers: Mapping[str, bytes]
    receipts: Path
    reports_bucket: str | None


_Choice = TypeVar("_Choice", bound=StrEnum)
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{2,254}")
_KEY_ARN = re.compile(r"arn:aws:kms:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):key/[0-9a-f-]+")
_KEYS = {
    "": (
        *("stack", "site", "region", "accountId", "profile", "keyArn", "covers"),
        *("buckets", "oracle", "signers", "receipts"),
    ),
    "optional": ("endpoint", "confirmCensus", "reportsBucket"),
    "oracle": ("region", "endpoint", "profile"),
    "route": ("bucket", "missing"),
}


def load_job(path: Path) -> Job:
    """The job in a file.

    Raises:
        BadInputError: every problem of the file, one a line.
    """
    import yaml  # noqa: PLC0415 - receipts are signed where nothing but `cryptography` is installed

    try:
        value: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise BadInputError(f"{path}: {problem.strerror}; a job file is described in docs/retirement.md") from None
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        raise BadInputError(f"{path}: not readable as YAML: {' '.join(str(problem).split())}") from None
    return _Reader(path).job(value)


class _Reader:
    """Reads one file and collects everything that is wrong with it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[str] = []

    def job(self, value: Any) -> Job:
        top = self._map(value, "", _KEYS[""], _KEYS["optional"])
        region = self._choice(top, "region", LegacyRegion)
        account = self._text(top, "accountId", re.compile(r"\d{12}"), "twelve digits in quotes")
        oracle = self._map(top.get("oracle"), "oracle", _KEYS["oracle"])
        oracle_region = self._choice(oracle, "oracle.region", UsRegion)
        job = Job(
            scope=Scope(
                stack=self._text(top, "stack", _NAME, "a stack's name"),
                site=self._text(top, "site", _NAME, "a site's name"),
                account_id=account,
                region=region.value,
            ),
            region=region,
            profile=self._text(top, "profile", re.compile(r".+"), "the name of a credentials profile"),
            endpoint=self._loopback(top),
            key_arn=self._key(top, region, account),
            covers=self._choice(top, "covers", Covers),
            buckets=self._buckets(top.get("buckets")),
            oracle_region=oracle_region,
            oracle_endpoint=self._oracle_endpoint(oracle, oracle_region),
            oracle_profile=self._text(oracle, "oracle.profile", re.compile(r".+"), "the name of a credentials profile"),
            confirm_census=self._confirmation(top),
            signers=self._signers(top.get("signers")),
            receipts=self.path.parent / self._text(top, "receipts", re.compile(r".+"), "a folder"),
            reports_bucket=self._reports_bucket(top),
        )
        if self.problems:
            raise BadInputError(*(f"{self.path}: {problem}" for problem in self.problems))
        return job

    def _map(self, value: Any, where: str, needed: tuple[str, ...], optional: tuple[str, ...] = ()) -> dict[str, Any]:
        if not isinstance(value, dict):
            self.problems.append(f"{where or 'the file'}: a map with the keys {', '.join(needed)} belongs here")
            return {}
        given = cast("dict[Any, Any]", value)
        dot = f"{where}." if where else ""
        for key in given:
            if key not in (*needed, *optional):
                hint = nearest(str(key), (*needed, *optional))
                self.problems.append(f"{dot}{key}: unknown key" + (f"; did you mean {hint}?" if hint else ""))
        self.problems += [f"{dot}{key}: is missing" for key in needed if key not in given]
        return {str(key): entry for key, entry in given.items()}

    def _text(self, table: dict[str, Any], where: str, shape: re.Pattern[str], allowed: str) -> str:
        key = where.rpartition(".")[2]
        if key not in table:
            return ""
        value = table[key]
        if not isinstance(value, str) or not shape.fullmatch(value):
            self.problems.append(f"{where}: given {value!r}; allowed: {allowed}")
            return ""
        return value

    def _choice(self, table: dict[str, Any], where: str, kind: type[_Choice]) -> _Choice:
        members = list(kind)
        key = where.rpartition(".")[2]
        if key in table:
            value = table[key]
            if value in members:
                return kind(value)
            hint = nearest(str(value), members)
            self.problems.append(
                f"{where}: given {value!r}; allowed: {', '.join(members)}" + (f"; did you mean {hint}?" if hint else "")
            )
        return members[0]

    def _loopback(self, top: dict[str, Any]) -> str | None:
        if top.get("endpoint") is None:
            return None
        endpoint = self._text(top, "endpoint", re.compile(r"https?://.+"), "an address on this machine")
        if endpoint and not _is_loopback(endpoint):
            self.problems.append(
                f"endpoint: given {endpoint!r}; allowed: nothing (AWS itself) or http://127.0.0.1:PORT"
            )
        return endpoint

    def _oracle_endpoint(self, oracle: dict[str, Any], region: UsRegion) -> str:
        endpoint = self._text(oracle, "oracle.endpoint", re.compile(r"https?://.+"), "an S3-compatible endpoint")
        host = re.compile(
            rf"https://[a-z0-9]+\.compat\.objectstorage\.{region.value}\.(oraclecloud\.com|oci\.customer-oci\.com)/?"
        )
        if endpoint and not host.fullmatch(endpoint) and not _is_loopback(endpoint):
            self.problems.append(
                f"oracle.endpoint: given {endpoint!r}; allowed: "
                f"https://NAMESPACE.compat.objectstorage.{region.value}.oraclecloud.com"
            )
        return endpoint

    def _key(self, top: dict[str, Any], region: LegacyRegion, account: str) -> str:
        text = self._text(top, "keyArn", _KEY_ARN, "arn:aws:kms:REGION:ACCOUNT:key/ID")
        match = _KEY_ARN.fullmatch(text)
        if match and (match["region"], match["account"]) != (region.value, account):
            self.problems.append(f"keyArn: given {text!r}; allowed: a key in {region.value} of account {account}")
        return text

    def _confirmation(self, top: dict[str, Any]) -> str | None:
        if top.get("confirmCensus") is None:
            return None
        return self._text(
            top, "confirmCensus", re.compile(r"[0-9a-f]{8,64}"), "8 to 64 digits of a census root, quoted"
        )

    def _reports_bucket(self, top: dict[str, Any]) -> str | None:
        if top.get("reportsBucket") is None:
            return None
        return self._text(top, "reportsBucket", _BUCKET, "the name of a bucket")

    def _signers(self, value: Any) -> Mapping[str, bytes]:
        from infra.retirement.signing import public_key_from  # noqa: PLC0415 - needs `cryptography`, only here

        signers: dict[str, bytes] = {}
        for name, text in self._map_of(value, "signers").items():
            try:
                signers[name] = public_key_from(text if isinstance(text, str) else "")
            except ValueError as problem:
                self.problems.append(f"signers.{name}: given {text!r}: {problem}")
        return signers

    def _buckets(self, value: Any) -> Mapping[str, tuple[Route, ...]]:
        buckets: dict[str, tuple[Route, ...]] = {}
        for name, routes in self._map_of(value, "buckets").items():
            where = f"buckets.{name}"
            if not _BUCKET.fullmatch(name):
                self.problems.append(f"{where}: not the name of a bucket")
            found: list[Route] = []
            for prefix, route in self._map_of(routes, where).items():
                place = f"{where}.{prefix!r}"
                table = self._map(route, place, _KEYS["route"])
                found.append(
                    Route(
                        prefix=prefix,
                        bucket=self._text(table, f"{place}.bucket", _BUCKET, "a bucket of Oracle Cloud"),
                        missing=self._choice(table, f"{place}.missing", Missing),
                    )
                )
            buckets[name] = tuple(sorted(found, key=lambda route: (-len(route.prefix), route.prefix)))
        return dict(sorted(buckets.items()))

    def _map_of(self, value: Any, where: str) -> dict[str, Any]:
        if not isinstance(value, dict) or not value:
            if value is not None:  # a missing key is reported once, as missing
                self.problems.append(f"{where}: a map with at least one entry belongs here")
            return {}
        table = cast("dict[Any, Any]", value)
        self.problems += [f"{where}.{key}: a key in quotes belongs here" for key in table if not isinstance(key, str)]
        return {key: entry for key, entry in table.items() if isinstance(key, str)}


def _is_loopback(endpoint: str) -> bool:
    host = urlsplit(endpoint).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
