"""The picture behind a report, of the shipped production stack: who is where, and what goes whither.

Proves that it shows the plan, whole and nothing beside it; what a preview changes in it is in test_report.py.
"""

from datetime import date

import pytest

from infra import settings
from infra.cli.judgement import with_verdicts
from infra.cli.review_picture import draw
from infra.engine.display import Recorder
from infra.evidence.picture import scene
from infra.evidence.review import Band, Change, Column, Kind, Review, Theorem, Verdict, Word
from infra.settings.evidence import read_evidence
from tests.cli.project import HERE

TODAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def loaded():
    """The stack file of production, planned."""
    file = settings.stack_file(HERE, "us-prod")
    return settings.load(file, configured=None, as_of=TODAY, evidence=read_evidence(HERE, "us-prod"))


@pytest.fixture(scope="module")
def picture(loaded):
    """Its picture; nothing has been previewed."""
    return draw(loaded, Recorder(), "stacks/Pulumi.us-prod.yaml")


def test_places_stand_from_the_users_to_the_sites(picture):
    """Users first, regions by their role, sites last."""
    assert [(place.column, place.title) for place in picture.places] == [
        (Column.PEOPLE, "Who asks"),
        (Column.ORACLE, "Ashburn"),
        (Column.ORACLE, "Phoenix"),
        (Column.ORACLE, "Chicago"),
        (Column.LEGACY, "Singapore"),
        (Column.LEGACY, "Virginia"),
    ]


def test_every_placement_backup_key_and_edge_is_a_station(loaded, picture):
    """As the plan has them, and no other; a spare region holds keys and nothing else."""
    plan = loaded.plan
    bands = {band: {station.id for station in picture.stations if station.band is band} for band in Band}
    stores = {f"data:{p.dataset.name}:{p.region}" for dataset in plan.datasets for p in dataset.placements}
    backups = {f"data:{b.dataset.name}:{site.site.name}" for site in plan.sites for b in site.backups}
    assert bands[Band.DATA] == stores | backups
    keys = {f"key:{key.region}:{key.data_class}" for key in plan.keys}
    assert bands[Band.KEYS] == keys | {f"key:{site.site.name}" for site in plan.sites}
    hostnames = {f"hostname:{hostname.label}" for hostname in plan.traffic.hostnames}
    assert bands[Band.ANSWERS] == hostnames | {f"edge:{edge.region}" for edge in plan.traffic.edges}
    assert bands[Band.LOGS] == {f"log:{it.region}" for it in plan.audit.regions}
    assert {s.band for s in picture.stations if s.place == "oci:us-chicago-1"} == {Band.KEYS, Band.LOGS}


def test_traffic_goes_from_each_hostname_to_its_pool(loaded, picture):
    """In the order of failover or in shares; wider where more users go."""
    found = {(f.source, f.target): f for f in picture.flows if f.kind is Kind.TRAFFIC}
    assert set(found) == {(f"hostname:{h.label}", f"edge:{r}") for h in loaded.plan.traffic.hostnames for r in h.pool}
    live = [found["hostname:live", f"edge:{region}"] for region in ("us-ashburn-1", "us-phoenix-1")]
    assert ["60 % of users" in live[0].text, "40 % of users" in live[1].text] == [True, True]
    assert live[0].weight > live[1].weight
    api = [found["hostname:api", f"edge:{region}"] for region in ("us-ashburn-1", "us-phoenix-1")]
    assert "while it is healthy" in api[0].text
    assert "when those before it are down" in api[1].text


def test_copies_are_the_plans(loaded, picture):
    """One flow for each dataset between two places, whatever its shards."""
    plan = loaded.plan
    flows = [flow for dataset in plan.datasets for flow in dataset.replications]
    flows += [flow for site in plan.sites for backup in site.backups for flow in backup.flows]
    expected = set()
    for flow in flows:
        source, target = (it.name if hasattr(it, "phase") else str(it) for it in (flow.source, flow.target))
        expected.add((f"data:{flow.dataset.name}:{source}", f"data:{flow.dataset.name}:{target}"))
    assert {(f.source, f.target) for f in picture.flows if f.kind is Kind.COPY} == expected


def test_what_is_logged_stays_in_its_region(loaded, picture):
    """Every store and edge there, and what is called there, in a spare region by its keys; and nothing else."""
    stations = {station.id: station for station in picture.stations}
    found = {(f.source, f.target) for f in picture.flows if f.kind is Kind.LOG}
    expected = {(s, f"log:{s.rpartition(':')[2]}") for s in stations if s.startswith(("edge:", "data:"))}
    expected = {(source, target) for source, target in expected if target in stations}
    expected |= {(f"door:{region}", f"log:{region}") for region in ("us-ashburn-1", "us-phoenix-1")}
    assert found == expected | {("key:us-chicago-1:excepted", "log:us-chicago-1")}
    assert {stations[end].place for pair in found for end in pair} == {
        f"oci:{it.region}" for it in loaded.plan.audit.regions
    }
    assert all(stations[source].place == stations[target].place for source, target in found)


def test_nothing_is_new_where_nothing_was_previewed(picture):
    """What happens comes from a preview alone."""
    assert {part.change for part in [*picture.stations, *picture.flows]} == {Change.KEPT}


def test_every_flow_names_lines_of_the_stack_file(picture):
    """Lines that are there."""
    last = len(settings.stack_file(HERE, "us-prod").read_text().splitlines())
    for flow in picture.flows:
        assert flow.where, flow
        assert all(1 <= int(line.rpartition(":")[2]) <= last for line in flow.where)


def test_a_flow_is_not_called_legal_where_its_theorem_is_not_proved(picture):
    """Refuted, undecided and missing theorems are said."""
    theorem = Theorem(id="T3", title="traffic", word=Word.PROVED, says="")
    refuted = Theorem(id="T6", title="keys", word=Word.REFUTED, says="")
    found = list(with_verdicts(picture.flows, Verdict(word=Word.REFUTED, summary="", theorems=(theorem, refuted))))
    said = {flow.kind: flow.why for flow in found}
    assert "; T3" not in said[Kind.TRAFFIC]
    assert said[Kind.KEY].endswith("; T6 is REFUTED")
    assert said[Kind.GRANT].endswith("; T5 is not decided by this preview")


def test_it_can_be_laid_out(picture):
    """Production's picture has a place for everything."""
    review = Review(
        stack="us-prod", as_of="", basis="", verdict=Verdict(word=Word.PROVED, summary=""), counts=(), unchanged=0,
        meaning=(), answers=(), terms=(), reach=(), places=tuple(picture.places), stations=tuple(picture.stations),
        flows=tuple(picture.flows),
    )  # fmt: skip
    laid = scene(review)
    assert len(laid.cells) == len(picture.stations)
    assert len({(cell.x, cell.y) for cell in laid.cells}) == len(laid.cells)
