"""Inventory reports as S3 writes them, about a bucket of the test server: Parquet files, a manifest, its checksum."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from moto.s3.models import FakeDeleteMarker, s3_backends

from tests.retirement.rig import SITES, buckets_of, put
from tests.retirement.s3_server import ACCOUNT

if TYPE_CHECKING:
    from datetime import datetime

    from tests.retirement.rig import Rig

REPORTS = "usds-reports"
SCHEMA = pa.schema(
    {
        "bucket": pa.string(),
        "key": pa.string(),
        "version_id": pa.string(),
        "is_latest": pa.bool_(),
        "is_delete_marker": pa.bool_(),
        "size": pa.int64(),
        "last_modified_date": pa.timestamp("ms"),
        "e_tag": pa.string(),
    }
)


def rows_of(bucket: str) -> list[dict[str, Any]]:
    """What a report says of each version and delete marker of a bucket."""
    keys = s3_backends[ACCOUNT]["aws"].buckets[bucket].keys
    found: list[dict[str, Any]] = []
    for name in keys:
        versions = keys.getlist(name)
        for version in versions:
            marker = isinstance(version, FakeDeleteMarker)
            found.append(
                {
                    "bucket": bucket,
                    "key": name,
                    "version_id": version.version_id,
                    "is_latest": version is versions[-1],
                    "is_delete_marker": marker,
                    "size": None if marker else version.size,
                    "last_modified_date": version.last_modified,
                    "e_tag": None if marker else version.etag.strip('"'),
                }
            )
    return found


def uploads_of(bucket: str) -> list[Any]:
    """What moto keeps of the incomplete uploads of a bucket."""
    return list(s3_backends[ACCOUNT]["aws"].buckets[bucket].multiparts.values())


def write_report(bucket: str, rows: list[dict[str, Any]], made: datetime, *, parts: int = 3, **changes: Any) -> None:
    """Put a report about a bucket into the reports bucket; `changes` replace parts of its manifest."""
    folder = f"{bucket}/{bucket}/all-versions"
    listed: list[dict[str, Any]] = []
    for number in range(parts):
        buffer = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows[number::parts], schema=SCHEMA), buffer)
        body = buffer.getvalue()
        key = f"{folder}/data/{number}-{made:%H%M}.parquet"
        put(REPORTS, key, body)
        checksum = hashlib.md5(body, usedforsecurity=False).hexdigest()
        listed.append({"key": key, "size": len(body), "MD5checksum": checksum})
    manifest = {
        "sourceBucket": bucket,
        "destinationBucket": f"arn:aws:s3:::{REPORTS}",
        "version": "2016-11-30",
        "creationTimestamp": str(int(made.timestamp() * 1000)),
        "fileFormat": "Parquet",
        "fileSchema": f"message s3.inventory {{ {' '.join(f'optional binary {name};' for name in SCHEMA.names)} }}",
        "files": listed,
    }
    text = json.dumps(manifest | changes).encode()
    place = f"{folder}/{made:%Y-%m-%dT%H-%MZ}/manifest"
    put(REPORTS, f"{place}.json", text)
    put(REPORTS, f"{place}.checksum", hashlib.md5(text, usedforsecurity=False).hexdigest().encode())


def report_site(rig: Rig, site: str) -> None:
    """Give a site a reports bucket with a report about each data bucket, made two days from now."""
    place = {} if site == "virginia" else {"CreateBucketConfiguration": {"LocationConstraint": SITES[site]}}
    rig.client(region=SITES[site]).create_bucket(Bucket=REPORTS, **place)
    rig.edit_job(site, reportsBucket=REPORTS)
    for bucket in buckets_of(site):
        write_report(bucket, rows_of(bucket), rig.now + timedelta(days=2))
