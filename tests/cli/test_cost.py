"""`python -m infra cost`: the estimate of a whole stack, and what it refuses; the arithmetic is in tests/cost."""

import json
from decimal import Decimal

from components import primary_storage
from tests.cli.project import AS_OF


def test_the_whole_stack_is_estimated(project):
    """Nothing is left out, the sum is that of the lines, and a size of one dataset counts for that one alone."""
    sizes = (
        "--size",
        "stored-gb=10",
        "--size",
        "stored-gb.profiles=1000",
        "--size",
        "changed-percent=0",
        "--size",
        "other-gb=0",
    )
    found = json.loads(project.out("cost", "--as-of", AS_OF, *sizes, "--json"))
    assert found["complete"]
    assert found["unestimated"] == []
    for end in ("low", "high"):
        assert Decimal(found["total"][end]) == sum(Decimal(line["cost"][end]) for line in found["lines"])
    lines = {line["name"]: line for line in found["lines"]}
    assert lines["oci.storage.standard"]["quantity"] == {"low": "2020", "high": "2020"}
    assert lines["aws.s3.storage.us-east-1"]["quantity"] == {"low": "1010", "high": "1010"}
    assert lines["oci.storage.standard"]["cost"] == {"low": "51.26", "high": "51.51"}  # 2,010 or 2,020 times 0.0255


def test_people_read_the_sum_first(project):
    """Then the lines, what is assumed, and where the prices come from; an old price is said to be one."""
    text = project.out(
        "cost", "--as-of", AS_OF, "--size", "stored-gb=10", "--what-if", "datasets.chats={class: protected}"
    )
    head, _, rest = text.partition("\n\n")
    assert head == f"usdata · stack sandbox · as of {AS_OF} · US dollars a month, list prices"
    assert rest.startswith("  COST       $")
    assert "NOT IN IT" not in text
    assert "Oracle Object Storage, Standard" in text
    assert "stored-gb 10: GB of a dataset in its default store" in text
    assert "https://www.oracle.com/cloud/price-list/  2025-06-30 to 2026-01-05" in text
    assert "The oldest price is of 2025-06-30" in text


def test_sizes_that_are_none_are_refused(project):
    """With the nearest one there is."""
    _, err = project.run("cost", "--as-of", AS_OF, "--size", "store-gb=1", code=2)
    assert "did you mean stored-gb?" in err
    _, err = project.run("cost", "--as-of", AS_OF, "--size", "stored-gb.profile=1", code=2)
    assert "did you mean profiles?" in err


def test_a_preview_that_fails_has_no_estimate(project, monkeypatch):
    """What there would be is not known."""

    def broken(*_words: object, **_more: object) -> None:
        raise ValueError("no such luck")

    monkeypatch.setattr(primary_storage.oci.objectstorage, "ReplicationPolicy", broken)
    _, err = project.run("cost", "--as-of", AS_OF, code=1)
    assert "the preview failed" in err
