"""One census root over a million rows: from pages of a listing, from DuckDB and from Spark, with the time of each.

The pages are those of ListObjectVersions and go through the tool's own listing and work file; only the server that
would send them is left out. The reports are Parquet files as S3 writes them.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from infra.retirement import sql
from infra.retirement.engines import EngineName, engine
from infra.retirement.entry import Kind
from infra.retirement.listing import PAGE, list_versions
from infra.retirement.workfile import CENSUS, open_workfile

ROWS = 1_000_000
FILES = 8
MADE = datetime(2026, 1, 1, tzinfo=UTC)


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


class _Pages:
    """Answers ListObjectVersions as S3 does, from rows instead of a bucket."""

    def list_object_versions(self, *, KeyMarker: str = "", **_: object) -> dict[str, Any]:  # noqa: N803 - the API's name
        start = int(KeyMarker.split("/")[1]) + 1 if KeyMarker else 0
        rows = [_row(number) for number in range(start, min(start + PAGE, ROWS))]
        common = [{"Key": row["key"], "VersionId": row["version_id"] or "null", "IsLatest": True} for row in rows]
        items = [item | {"LastModified": MADE} for item in common]
        pairs = list(zip(items, rows, strict=True))
        return {
            "IsTruncated": start + PAGE < ROWS,
            "NextKeyMarker": rows[-1]["key"],
            "NextVersionIdMarker": items[-1]["VersionId"],
            "Versions": [i | {"Size": r["size"], "ETag": f'"{r["e_tag"]}"'} for i, r in pairs if r["size"] is not None],
            "DeleteMarkers": [item for item, row in pairs if row["is_delete_marker"]],
        }


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
        for page in list_versions(_Pages(), "bucket", "owner"):
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
