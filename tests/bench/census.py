"""One census root over a million rows: from pages of a listing, from DuckDB and from Spark, with the time of each.

The pages are those of ListObjectVersions and go through the library's client and the tool's own listing and work file;
only the network, and the server that would send them, are left out. The reports are Parquet files as S3 writes them.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from urllib3.response import HTTPResponse

from infra.retirement import sql
from infra.retirement.engines import EngineName, engine
from infra.retirement.entry import Kind
from infra.retirement.listing import PAGE, list_versions
from infra.retirement.workfile import CENSUS, open_workfile

ROWS = 1_000_000
FILES = 8


def _row(number: int) -> dict[str, Any]:
    """A version, or a delete marker for each twentieth; keys with signs beyond ASCII, in the order of a listing."""
    marker = number % 20 == 0
    return {
        "key": f"user/{number:09}/\u00fc\U0001f600",
        "version_id": f"v{number:x}" if number % 7 else None,
        "is_latest": True,
        "is_delete_marker": marker,
        "size": None if marker else number % 5000,
        "e_tag": None if marker else f"{number:032x}",
    }


def _client() -> Any:
    """A client of the library whose every listing is answered, as S3 does, from rows instead of a bucket."""
    client = boto3.client("s3", "us-east-1", aws_access_key_id="none", aws_secret_access_key="none")
    client.meta.events.register("before-send.s3.ListObjectVersions", _answer)
    return client


def _answer(request: AWSPreparedRequest, **_: object) -> AWSResponse:
    """Given to the library in place of what the network would bring."""
    asked = parse_qs(urlsplit(request.url).query)
    start = int(asked["key-marker"][0].split("/")[1]) + 1 if "key-marker" in asked else 0
    rows = [_row(number) for number in range(start, min(start + PAGE, ROWS))]
    last, more = rows[-1], start + PAGE < ROWS
    text = (
        f"<ListVersionsResult><Name>bucket</Name><IsTruncated>{'true' if more else 'false'}</IsTruncated>"
        f"<EncodingType>url</EncodingType><NextKeyMarker>{quote(last['key'])}</NextKeyMarker>"
        f"<NextVersionIdMarker>{last['version_id'] or 'null'}</NextVersionIdMarker>"
        f"{''.join(map(_element, rows))}</ListVersionsResult>"
    )
    return AWSResponse(request.url, 200, {}, HTTPResponse(BytesIO(text.encode()), preload_content=False))


def _element(row: dict[str, Any]) -> str:
    kind = "DeleteMarker" if row["is_delete_marker"] else "Version"
    content = "" if row["is_delete_marker"] else f"<Size>{row['size']}</Size><ETag>&quot;{row['e_tag']}&quot;</ETag>"
    return (
        f"<{kind}><Key>{quote(row['key'])}</Key><VersionId>{row['version_id'] or 'null'}</VersionId>"
        f"<IsLatest>true</IsLatest><LastModified>2026-01-01T00:00:00.000Z</LastModified>{content}</{kind}>"
    )


def main() -> None:
    """Print the root and the seconds of each way, and fail where two roots differ."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = [str(folder / f"{number}.parquet") for number in range(FILES)]
        for number, path in enumerate(files):
            pq.write_table(pa.Table.from_pylist([_row(row) for row in range(number, ROWS, FILES)]), path)
        roots = {_say("listing", *_listed(folder))}
        for engine_name in EngineName:
            if engine_name is EngineName.SPARK and not (find_spec("pyspark") and shutil.which("java")):
                print("spark: left out, it needs pyspark (pip install '.[spark]') and a Java runtime")
                continue
            roots.add(_say(engine_name, *_queried(engine_name, files)))
    assert len(roots) == 1, "the roots differ"
    print(f"one root over {ROWS:,} rows")


def _say(way: str, root: str, seconds: float) -> str:
    print(f"{way:8} {root[:16]} {seconds:8.1f} s {ROWS / seconds:12,.0f} rows/s", flush=True)
    return root


def _listed(folder: Path) -> tuple[str, float]:
    began = time.perf_counter()
    with open_workfile(folder / "work.sqlite") as work:
        for page in list_versions(_client(), "bucket", "owner"):
            work.add_page(CENSUS, "bucket", Kind.VERSION, page)
        root = work.census(CENSUS, "bucket").root
    return root, time.perf_counter() - began


def _queried(name: EngineName, files: list[str]) -> tuple[str, float]:
    began = time.perf_counter()
    with engine(name) as running:
        running.parquet(sql.REPORT, files)
        running.table(sql.UPLOADS, [])
        running.view("entries", sql.ENTRIES)
        ((root,),) = running.rows(sql.root())
    return root, time.perf_counter() - began
