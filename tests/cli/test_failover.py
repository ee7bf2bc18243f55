"""Drills of a failover of storage on the simulated clouds, through the command that people type.

Proves, for a small stack in two regions: there and back, with writers refused meanwhile and no object lost; a region
that is lost and comes back; every action killed once, before and after it happens, and the rerun arriving all the same.
What Oracle Cloud itself does is assumed as its pages say, and imitated in the harsher way where they say nothing.
"""

import json
import shutil

import pytest

from infra import program
from infra.cli import failover_walk, object_storage, workspace
from infra.sandbox.errors import CloudError
from infra.sandbox.oci.object_api import Bucket, ObjectApi
from infra.sandbox.oci.outages import set_outage
from tests.cli.project import AS_OF, Project

ACCESS = """\
    access:
      networks:
        us-office: {denver: 198.51.100.0/24}
      groups:
        writers: {duty: storage, network: us-office}
"""
drill_storage = object_storage._Simulated
OLD, NEW = "us-ashburn-1", "us-phoenix-1"
PROFILES = {OLD: Bucket(OLD, "axsandbox", "usds-profiles-iad"), NEW: Bucket(NEW, "axsandbox", "usds-profiles-phx")}
METRICS = {OLD: Bucket(OLD, "axsandbox", "usds-metrics-iad"), NEW: Bucket(NEW, "axsandbox", "usds-metrics-phx")}


class Drill(Project):
    """A project whose stack is applied, and what people and applications do to it."""

    def __init__(self, root) -> None:
        super().__init__(root)
        self.clouds = root / ".sandbox" / "clouds.sqlite"
        self.api = ObjectApi(self.clouds)

    def failover(self, region: str, *words: str, code=0):
        """Run the command; what it writes."""
        out, error = self.run("failover", region, "-s", "sandbox", "--as-of", AS_OF, *words, code=code)
        return out + error

    def write(self, region, name, *, late=False) -> bool:
        """Whether an application may write an object there; it writes the same name to both datasets."""
        try:
            for buckets in (PROFILES, METRICS):
                self.api.put(buckets[region], name, f"md5 of {name}", group="writers", late=late)
        except CloudError:
            return False
        return True

    def objects(self, region):
        """The objects of a region, which are the same for both datasets."""
        found = self.api.objects(PROFILES[region])
        assert self.api.objects(METRICS[region]) == found
        return set(found)

    def outputs(self):
        """Default region and roles, as other stacks read them."""
        resources = json.loads(self.out("state", "export"))["deployment"]["resources"]
        outputs = next(it["outputs"] for it in resources if it["type"] == "pulumi:pulumi:Stack")
        regions = {store["region"] for shards in outputs["defaultStore"].values() for store in shards.values()}
        assert len(regions) == 1
        return regions.pop(), outputs["storageRoles"]

    def unchanged(self):
        """Nothing is left to do for a preview."""
        self.preview("--expect-no-changes")

    def replicates(self, source, target):
        """Whether what is written on one side arrives on the other, and nothing can be written there."""
        name = f"probe {len(self.objects(source))}"
        return self.write(source, name) and name in self.objects(target) and not self.write(target, "refused")


@pytest.fixture(scope="session")
def drilled_once(applied_once, tmp_path_factory):
    """The applied project with a group that writes, and two objects; copied for each test."""
    root = tmp_path_factory.mktemp("drilled") / "project"
    shutil.copytree(applied_once, root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workspace, "ROOT", root)
        patch.setattr(program, "_ROOT", root)
        drill = Drill(root)
        drill.file.write_text(drill.file.read_text().replace("    legacy:\n", f"{ACCESS}    legacy:\n", 1))
        drill.up()
        assert drill.write(OLD, "a")
        assert drill.write(OLD, "b")
    return root


@pytest.fixture
def drill(drilled_once, tmp_path, monkeypatch):
    """A project of its own, ready for a drill."""
    root = tmp_path / "project"
    shutil.copytree(drilled_once, root)
    monkeypatch.setattr(workspace, "ROOT", root)
    monkeypatch.setattr(program, "_ROOT", root)
    return Drill(root)


class KilledError(BaseException):
    """Stands for the end of the process; no handler of the command's own catches it."""


@pytest.mark.no_cover
def test_there_and_back(drill, monkeypatch):
    """The stores move, replication turns round, nobody writes meanwhile, nothing is lost; the way back is the same.

    On the way there an object is late: it is waited for before replication ends. On the way back the command dies after
    every edit, call and update, is once turned round half way, and arrives all the same.
    """
    shipped, writers = drill.file.read_text(), []
    applied, edited, freed = failover_walk.runs.carry_out, failover_walk.replace_file, drill_storage.make_writable
    deaths: list[str] = []

    def dies(what):
        deaths.append(what)
        raise KilledError

    def watched(request):
        outcome = applied(request)
        if not request.is_preview:
            writers.append(drill.write(OLD, "x") or drill.write(NEW, "x"))
        return outcome

    monkeypatch.setattr(failover_walk.runs, "carry_out", watched)
    drill.write(OLD, "slow", late=True)
    out = drill.failover(NEW, "--yes", code=3)
    assert "usds-metrics-phx lacks slow; usds-profiles-phx lacks slow" in out
    assert "run the same command again in a minute" in out
    for bucket in (PROFILES[OLD], METRICS[OLD]):
        drill.api.deliver(bucket)
    assert "DONE  primary us-phoenix-1, standby us-ashburn-1" in drill.failover(NEW, "--yes")
    assert writers == [False, False, False, True]
    assert drill.outputs() == (NEW, {"primary": NEW, "standby": OLD})
    assert drill.objects(OLD) == drill.objects(NEW) == {"a", "b", "slow", "x"}
    assert drill.replicates(NEW, OLD)

    def deadly(request):
        outcome = applied(request)
        return outcome if request.is_preview else dies("update")

    monkeypatch.setattr(failover_walk.runs, "carry_out", deadly)
    monkeypatch.setattr(failover_walk, "replace_file", lambda *given: (edited(*given), dies("edit")))
    monkeypatch.setattr(drill_storage, "make_writable", lambda *given: (freed(*given), dies("call")))
    for aim in [*[OLD] * 4, NEW, NEW, *[OLD] * 40]:  # turned round while everything is stopped
        try:
            out = drill.failover(aim, "--yes")
        except KilledError:
            continue
        break
    assert "nothing is left to do" in out
    assert [deaths.count(what) for what in ("edit", "call", "update")] == [6, 4, 6]
    assert drill.outputs() == (OLD, {"primary": OLD, "standby": NEW})
    assert drill.file.read_text() == shipped
    assert {"a", "b", "slow", "x"} < drill.objects(OLD)
    assert drill.replicates(OLD, NEW)
    drill.unchanged()


def test_without_yes_it_shows_and_does_nothing(drill):
    """The way, the next step's preview, and how to go on; neither file nor state nor clouds are touched."""
    before = [path.read_bytes() for path in (drill.file, drill.state)]
    out = drill.failover(NEW)
    assert "  NOW   primary us-ashburn-1, standby us-phoenix-1" in out
    assert "  4     writing is allowed again, in us-phoenix-1" in out
    assert "Access    ~ duties: ~ 1 policy (writers)" in out
    assert out.endswith("Nothing was changed. To do it: the same command with --yes.\n")
    assert [path.read_bytes() for path in (drill.file, drill.state)] == before
    assert drill.replicates(OLD, NEW)


def test_a_lost_region(drill):
    """Its objects' copies take over at once, though home is lost too; what had not arrived is told when it is back."""
    drill.write(OLD, "late", late=True)
    set_outage(drill.clouds, OLD, lost=True)
    out = drill.failover(NEW, "--lost", "--yes")
    assert "MAY BE LOST  what was written in us-ashburn-1 and not replicated before it was lost." in out
    assert "DONE  primary us-phoenix-1, lost us-ashburn-1" in out
    assert drill.outputs() == (NEW, {"primary": NEW, "lost": OLD})
    assert drill.write(NEW, "new")
    assert drill.objects(NEW) == {"a", "b", "new"}
    assert "us-ashburn-1 is lost: first make it the standby again" in drill.failover(OLD, code=2)
    drill.unchanged()  # against the state; nobody can ask the lost region
    assert "fix" in drill.failover(NEW, "--yes", code=1)  # it is lost still

    set_outage(drill.clouds, OLD, lost=False)
    assert drill.objects(OLD) == {"a", "b", "late"}
    out = drill.failover(NEW, "--yes", code=3)
    assert "usds-metrics-iad lacks new; usds-metrics-phx lacks late" in out
    for buckets in (PROFILES, METRICS):  # a person copies, both ways
        drill.api.put(buckets[OLD], "new", "md5 of new", group="writers")
        drill.api.put(buckets[NEW], "late", "md5 of late", group="writers")
    assert "DONE  primary us-phoenix-1, standby us-ashburn-1" in drill.failover(NEW, "--yes")
    assert drill.objects(NEW) == {"a", "b", "late", "new"}
    assert drill.replicates(NEW, OLD)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("us-chicago-1",), "us-chicago-1 does not hold data of sandbox"),
        (("us-phoenix1",), "did you mean us-phoenix-1?"),
        ((NEW, "--state", "x.json"), "the state of sandbox is its own"),
    ],
)
def test_bad_words_are_refused(drill, words, said):
    """Exit 2, with the nearest region."""
    assert said in drill.failover(*words, code=2)


def test_other_edits_come_first(drill):
    """A failover is previewed by itself."""
    drill.edit("      profiles:", "      messages: {class: protected}\n      profiles:")
    assert "that are not applied" in drill.failover(NEW, "--yes", code=2)


def test_a_stack_that_is_not_applied_has_nothing_to_move(project):
    """Nothing says where its stores are."""
    _, error = project.run("failover", NEW, "-s", "sandbox", "--as-of", AS_OF, code=2)
    assert "nothing says which region of sandbox holds the default stores" in error


def test_a_shorter_way_is_refused_before_an_engine_starts(drill):
    """Two words exchanged by hand: every command names the step that may follow."""
    drill.edit("role: primary", "role: none")
    drill.edit("role: standby", "role: primary")
    drill.edit("role: none", "role: standby")
    for command in ("preview", "up"):
        _, error = drill.run(command, "--stack", "sandbox", "--as-of", AS_OF, code=2)
        assert "deployed is: primary us-ashburn-1, standby us-phoenix-1" in error
        assert "python -m infra failover us-phoenix-1" in error
