"""A site that does not fit one process: the same census from reports, shards that together are the whole site."""

from __future__ import annotations

import shutil
import sys
from datetime import timedelta
from importlib.util import find_spec

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.retirement import merkle, sql
from infra.retirement.engines import EngineName, engine
from tests.retirement.reports import REPORTS, SCHEMA, report_site, rows_of, uploads_of, write_report
from tests.retirement.rig import buckets_of, fill, put
from tests.retirement.s3_server import content_of

SITE = "singapore"
BUCKET = "usds-messages-singapore"
DIGITS = "0123456789abcdef"


@pytest.fixture
def site(rig):
    """Two filled buckets with a report about each."""
    fill(rig, SITE, 60)
    report_site(rig, SITE)
    return rig


@pytest.fixture
def small(rig):
    """Three objects, with reports."""
    for key in ("a", "b", "c"):
        put(BUCKET, key, key.encode())
    report_site(rig, SITE)
    return rig


def shards_of_small() -> set[str]:
    """The shards that the three objects are in; the other ones are empty and need no work file."""
    fields = [(row["key"], row["version_id"], row["size"], row["e_tag"]) for row in rows_of(BUCKET)]
    return {merkle.leaf(kind="version", key=k, version=v, size=n, checksum=tag)[:1] for k, v, n, tag in fields}


def census(rig, *options: str):
    """The census as a listing gives it, or with options from reports."""
    return rig.right(SITE, "census", *options)


def test_duckdb_computes_the_census_of_the_listing(site):
    """Versions, delete markers, uploads, odd keys: root, counts and bytes of every bucket are the same."""
    assert census(site, "--inventory", "duckdb") == census(site)


@pytest.mark.skipif(not find_spec("pyspark"), reason="pyspark is not installed: pip install '.[spark]'")
@pytest.mark.skipif(not shutil.which("java"), reason="Spark needs a Java runtime, and there is no java on PATH")
def test_spark_computes_the_root_of_the_listing(site, monkeypatch):
    """The same SQL on Spark in local mode, over one bucket; `make bench` compares all three over a million rows."""
    root = census(site)["buckets"][BUCKET]["root"]
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    settings = ("spark.ui.enabled=false", "spark.sql.shuffle.partitions=2")
    options = " ".join(f"--conf {setting}" for setting in settings)
    monkeypatch.setenv("PYSPARK_SUBMIT_ARGS", f"--master local[2] {options} pyspark-shell")
    monkeypatch.chdir(site.folder)
    path = site.folder / "report.parquet"
    pq.write_table(pa.Table.from_pylist(rows_of(BUCKET), schema=SCHEMA), path)
    uploads = [(upload.key_name, upload.id) for upload in uploads_of(BUCKET)]
    with engine(EngineName.SPARK) as running:
        running.parquet(sql.REPORT, [str(path)])
        running.table(sql.UPLOADS, uploads)
        running.view("entries", sql.ENTRIES)
        assert [digest for (digest,) in running.rows(sql.root())] == [root]


@given(st.sets(st.integers(min_value=0, max_value=4000)), st.integers(min_value=1, max_value=3))
def test_shards_merge_to_the_root(numbers, length):
    """Cut by the first digits of the leaves, the nodes of all shards give the root of the whole, in whatever order."""
    leaves = sorted(merkle.leaf(kind="version", key=str(n), version="", size=n, checksum="") for n in numbers)
    shards = {leaf[:length] for leaf in leaves}
    nodes = [node for shard in shards for node in merkle.nodes(leaf for leaf in leaves if leaf.startswith(shard))]
    assert merkle.root_of(sorted(nodes)) == merkle.root(leaves)


def test_sql_and_python_give_the_same_root():
    """The trie with one, few and many leaves below a node; none at all has no row."""
    for leaves in (
        [],
        ["0" * 64],
        [merkle.leaf(kind="v", key=str(n), version="", size=n, checksum="") for n in range(9000)],
    ):
        with engine(EngineName.DUCKDB) as running:
            running.table("given", [(leaf, "") for leaf in leaves])
            running.view("entries", "select key as leaf from given")
            found = [digest for (digest,) in running.rows(sql.root())]
        assert found == ([merkle.root(sorted(leaves))] if leaves else [])


@pytest.mark.no_cover
def test_a_site_is_compared_and_drained_shard_by_shard(site):
    """Sixteen shards, each with a work file of its own, are accepted as the comparison of the whole site.

    Proves that everything is in Oracle Cloud afterwards, that the receipts are believed and that the result counts what
    a comparison in one piece counts. The shards run one after the other here; on a cluster nothing connects them.
    """
    root = census(site, "--inventory", "duckdb")["censusRoot"]
    for digit in DIGITS:
        census(site, "--inventory", "duckdb", "--shard", digit)
        site.step(SITE, "compare", "--shard", digit)
        site.right(SITE, "drain", "--shard", digit, "--copy")
        site.right(SITE, "compare", "--shard", digit)
    combined = site.right(SITE, "compare", "--combine")
    assert (combined["same"], combined["mustBeCovered"], combined["uncovered"], combined["shards"]) == (66, 66, 0, 16)
    kept = {body for bucket in set(buckets_of(SITE).values()) for body in content_of(bucket).values()}
    assert {body for bucket in buckets_of(SITE) for body in content_of(bucket).values()} <= kept
    assert len(site.sign(SITE)) == 2
    site.edit_job(SITE, confirmCensus=root[:8])
    refused = site.step(SITE, "wipe", "--census", root, "--delete")
    assert (refused.code, "lifecycle rules delete" in refused.err) == (2, True)
    assert census(site)["censusRoot"] == root  # a listing may take over, and the receipts still stand
    site.right(SITE, "compare")
    assert site.right(SITE, "wipe", "--census", root)["entries"] == 71


def test_shards_are_accepted_only_if_they_are_the_whole_census(small):
    """One missing, one not compared, one of another report, and a census that was listed: each is refused."""
    shards = sorted(shards_of_small())
    for digit in shards:
        census(small, "--inventory", "duckdb", "--shard", digit)
    assert "run census --inventory first" in small.step(SITE, "compare", "--combine").err
    census(small, "--inventory", "duckdb")
    unfinished = small.step(SITE, "compare", "--combine")
    assert (unfinished.code, f"of shards {', '.join(shards)} is not" in unfinished.err) == (1, True)
    folder = small.folder / "work" / "rehearsal"
    (folder / f"{SITE}.{shards[0]}.sqlite").rename(folder / "away")
    assert "do not give census root" in small.step(SITE, "compare", "--combine").err
    (folder / "away").rename(folder / f"{SITE}.{shards[0]}.sqlite")
    put(BUCKET, "new", b"new")
    write_report(BUCKET, rows_of(BUCKET), small.now + timedelta(days=3))
    census(small, "--inventory", "duckdb")
    assert "do not give census root" in small.step(SITE, "compare", "--combine").err


def test_a_report_counts_only_if_nothing_could_be_written_for_a_day(small):
    """A report made less than a day after the tool first saw the buckets closed may lack what came last."""
    policy = small.client().get_bucket_policy(Bucket=BUCKET)["Policy"]
    assert census(small, "--inventory", "duckdb")["openBuckets"] == []
    small.now += timedelta(days=1, hours=1)  # what it saw first counts, not what it sees now
    assert census(small, "--inventory", "duckdb")["openBuckets"] == []
    small.client().delete_bucket_policy(Bucket=BUCKET)
    assert census(small, "--inventory", "duckdb")["openBuckets"] == sorted(buckets_of(SITE))
    small.client().put_bucket_policy(Bucket=BUCKET, Policy=policy)
    assert census(small, "--inventory", "duckdb")["openBuckets"] == sorted(buckets_of(SITE))
    for key in ("a", "b", "c"):
        put(buckets_of(SITE)[BUCKET], key, key.encode())
    for digit in shards_of_small():
        census(small, "--inventory", "duckdb", "--shard", digit)
        small.right(SITE, "compare", "--shard", digit)
    answer = small.step(SITE, "compare", "--combine")
    assert (answer.code, "wait for newer reports" in answer.err) == (1, True)
    assert [path.rpartition("-")[2] for path in small.sign(SITE)] == ["census.json"]


def repeated(rows):
    """The first row stands there twice."""
    return [*rows, rows[0]]


def contradicting(rows):
    """The first row stands there again with another size."""
    return [*rows, rows[0] | {"size": 77}]


def incomplete(rows):
    """A version without an entity tag."""
    return [rows[0] | {"e_tag": None}, *rows[1:]]


BROKEN = {
    "a row twice": (repeated, {}, "is listed twice"),
    "two rows about one version": (contradicting, {}, "is listed twice"),
    "a row without an entity tag": (incomplete, {}, "1 rows of the report lack a size"),
    "another format": (list, {"fileFormat": "CSV"}, "format CSV"),
    "a column missing": (list, {"fileSchema": "message { optional binary key; }"}, "without version_id, is_latest"),
    "about another bucket": (list, {"sourceBucket": "other"}, "it is about other"),
    "another file than it says": (
        list,
        {"files": [{"key": f"{BUCKET}/{BUCKET}/all-versions/data/0-1200.parquet", "MD5checksum": "0" * 32}]},
        "the manifest says 00000000",
    ),
}


@pytest.mark.parametrize(("change", "manifest", "said"), BROKEN.values(), ids=BROKEN)
def test_a_report_that_does_not_add_up_is_refused(rig, change, manifest, said):
    """Nothing is concluded from it: exit 2 with the reason, and no census to rest on."""
    for key in ("a", "b"):
        put(BUCKET, key, b"x")
    report_site(rig, SITE)
    write_report(BUCKET, change(rows_of(BUCKET)), rig.now + timedelta(days=3), parts=1, **manifest)
    answer = rig.step(SITE, "census", "--inventory", "duckdb")
    assert (answer.code, said in answer.err) == (2, True), answer
    assert rig.step(SITE, "compare").code == 2


def test_a_manifest_that_was_cut_off_or_is_not_there_is_refused(rig):
    """Its checksum file decides; without any report there is nothing to read."""
    report_site(rig, SITE)
    place = f"{BUCKET}/{BUCKET}/all-versions/{rig.now + timedelta(days=2):%Y-%m-%dT%H-%MZ}/manifest"
    put(REPORTS, f"{place}.checksum", b"0" * 32)
    assert "it is not whole" in rig.step(SITE, "census", "--inventory", "duckdb").err
    rig.client().delete_object(Bucket=REPORTS, Key=f"{place}.json")
    assert "no inventory report about" in rig.step(SITE, "census", "--inventory", "duckdb").err


def test_what_a_census_from_reports_cannot_do_is_said(site):
    """Comparing in one piece, a shard of a listing, a wrong shard, a job without a reports bucket: exit 2, one line."""
    census(site, "--inventory", "duckdb")
    told = {
        ("compare",): "compare works on its shards",
        ("drain",): "drain works on its shards",
        ("census", "--shard", "a"): "only with --inventory",
        ("census", "--inventory", "duckdb", "--shard", "xyz"): "one to three hexadecimal digits",
        ("compare", "--shard", "a"): "there is no finished census",
    }
    for arguments, said in told.items():
        answer = site.step(SITE, *arguments)
        assert (answer.code, said in answer.err) == (2, True), answer
    site.edit_job(SITE, reportsBucket=None)
    assert "reportsBucket" in site.step(SITE, "census", "--inventory", "duckdb").err


def test_an_engine_that_is_not_installed_is_named_with_what_installs_it(site, monkeypatch):
    """The extra of the project that brings it."""
    monkeypatch.setitem(sys.modules, "duckdb", None)
    answer = site.step(SITE, "census", "--inventory", "duckdb")
    assert (answer.code, "pip install '.[inventory]'" in answer.err) == (2, True)
