"""Census and comparison in SQL, one text for DuckDB (one machine) and Spark (a cluster).

It is written as Spark spells it and as far as DuckDB understands the same; the three functions whose names differ are
macros there (`engines`). Digests are hexadecimal text and sorted as such, so that no collation and no binary type
matters, and every sum is over whole numbers: partitions and order of rows change nothing.

The census is `merkle` said in SQL; a test holds both together.
"""

from __future__ import annotations

from infra.retirement.merkle import LEVELS

REPORT = "report"
"""Rows of an inventory report of all versions, as S3 writes them (user guide, "Amazon S3 Inventory list")."""

UPLOADS = "uploads"
"""Incomplete uploads, which no report has: `key`, `version_id`."""

ENTRIES = """
select kind, key, version, size, checksum, latest,
  sha2(
    'leaf:' || sha2(kind, 256) || sha2(key, 256) || sha2(version, 256) || sha2(cast(size as string), 256)
    || sha2(checksum, 256),
    256
  ) as leaf
from (
  select
    case when is_delete_marker then 'marker' else 'version' end as kind,
    key,
    coalesce(nullif(version_id, ''), 'null') as version,
    case when is_delete_marker then 0 else size end as size,
    case when is_delete_marker then '' else e_tag end as checksum,
    is_latest as latest
  from report
  union all
  select 'upload', key, version_id, 0, '', false from uploads
) as entry
"""
"""The entries of a bucket with their leaves; a field that is missing makes its leaf null, which `COUNTS` shows."""

COUNTS = """
select
  count(*),
  count(distinct leaf),
  coalesce(sum(case when leaf is null or latest is null then 1 else 0 end), 0),
  coalesce(sum(case when kind = 'version' then 1 else 0 end), 0),
  coalesce(sum(case when kind = 'marker' then 1 else 0 end), 0),
  coalesce(sum(case when kind = 'upload' then 1 else 0 end), 0),
  coalesce(sum(size), 0)
from entries
"""
"""Rows, different leaves, incomplete rows, versions, markers, uploads, bytes."""

TWICE = """
select key, version from entries group by kind, key, version having count(*) > 1 order by key, version limit 5
"""
"""What is listed more than once: an entry has one row, so the report does not add up."""


def root() -> str:
    """The census root over `entries`; no row where there are none."""
    sql = "select leaf as name, '' as digest from entries"
    for digits in LEVELS:
        sql = (  # the text is our own
            "select name, sha2('node:' || array_join(sort_array(array_agg(child)), ''), 256) as digest from "  # noqa: S608
            f"(select substr(name, 1, {digits}) as name, name || digest as child from ({sql}) as below) as node "
            "group by name"
        )
    return f"select digest from ({sql}) as root"  # noqa: S608 - own text


def shard(digits: str) -> str:
    """The entries whose leaves begin with these hexadecimal digits."""
    return (
        "select kind, key, version, size, checksum, latest from entries "  # noqa: S608 - digits, checked by the caller
        f"where substr(leaf, 1, {len(digits)}) = '{digits}'"
    )
