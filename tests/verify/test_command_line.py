"""`python -m infra.verify` as people and machines use it: what it prints, what it exits with, what it refuses."""

import json
from datetime import date
from functools import cache

import pytest
import yaml
from click.testing import CliRunner

from infra.verify.checker import checker
from infra.verify.command_line import main
from infra.verify.graph import UNKNOWN
from tests.support.programs import AS_OF, configuration
from tests.verify.certificates import preview
from tests.verify.test_leaks import REPLICA, Stack, put
from tests.verify.test_sources import exported


def run(*words: object, code=0, input_=None):
    """Run the command; returns what it wrote to standard output and to standard error."""
    result = CliRunner().invoke(main, [*map(str, words)], input=input_)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.stdout, result.stderr


def on(document, *words: object, code=0):
    """Run it on a preview, from standard input."""
    return run(*words, "--preview", "-", "--as-of", AS_OF, code=code, input_=json.dumps(document))[0]


def leaking(edit):
    """The preview of an edited stack."""
    stack = Stack()
    edit(stack)
    return preview("us-prod") | {"steps": stack.steps}


@cache
def abroad():
    """The preview of a stack that copies abroad; shared, so not to be changed."""
    return leaking(put(*REPLICA, destinationRegionName="eu-frankfurt-1"))


@cache
def unsure():
    """The same of one of which nobody knows where it copies."""
    return leaking(put(*REPLICA, destinationRegionName=UNKNOWN))


def test_people_read_the_verdict_first():
    """What is proved, over how much, and what it rests on."""
    out = on(preview("us-prod")).splitlines()
    assert out[0] == f"usdata · stack us-prod · standard input · as of {AS_OF}"
    assert out[2].startswith("  RESIDENCY  PROVED    ")
    assert " theorems · " in out[2]
    assert any(line.startswith("  T1 storage") for line in out)
    assert "    T7  the day given is today" in out


def test_people_read_what_is_wrong_and_how_to_mend_it():
    """A leak with its place in the program, and what is not known; the exit codes differ."""
    out = on(abroad(), code=1)
    assert (
        "  RESIDENCY  REFUTED   T2 copies\n\n  usds-profiles-iad would be copied to eu-frankfurt-1 (Frankfurt, DE).\n"
        in out
    )
    assert "destinationRegionName = 'eu-frankfurt-1'" in out
    assert "components/recorded.py:1" in out
    assert "RESIDENCY  UNDECIDED T2 copies, T8 completeness" in on(unsure(), code=3)


def test_machines_get_all_of_it():
    """JSON, SARIF and Markdown say the same, and the same bytes each time."""
    found = json.loads(on(abroad(), "--json", code=1))
    (item,) = found["theorems"][1]["counterexamples"]
    assert (found["answer"], item["path"], item["source"]) == (
        "REFUTED",
        "destinationRegionName",
        "components/recorded.py:1",
    )
    log = json.loads(on(abroad(), "--sarif", code=1))["runs"][0]
    (result,) = log["results"]
    physical = result["locations"][0]["physicalLocation"]
    assert (result["ruleId"], result["level"], physical["region"]) == ("T2", "error", {"startLine": 1})
    assert json.loads(on(unsure(), "--sarif", code=3))["runs"][0]["results"][0]["kind"] == "open"
    comment = on(abroad(), "--markdown", code=1)
    assert comment.startswith("### Residency REFUTED\n")
    assert "| T2 copies | REFUTED | 59 | 59 |" in comment
    for form in ("--json", "--sarif", "--markdown"):
        assert on(abroad(), form, code=1) == on(abroad(), form, code=1)


def test_a_hostile_name_stays_a_name():
    """No control character reaches a terminal, and no fence ends a comment's block."""
    name = "x\x1b[2J```\n# PROVED"
    document = leaking(put(*REPLICA, bucket=name, destinationRegionName="eu-frankfurt-1"))
    assert "\x1b" not in on(document, code=1)
    comment = on(document, "--markdown", code=1)
    assert "\n# PROVED" not in comment
    assert "````" in comment


def test_a_certificate_is_written_where_all_is_proved(tmp_path):
    """The checker accepts it; where something is not proved, an older one of that name goes."""
    file = tmp_path / "c.json"
    on(preview("us-prod"), "--certificate", file, "--paranoid")
    assert checker.check(json.loads(file.read_text()), preview("us-prod"))
    on(abroad(), "--certificate", file, code=1)
    assert not file.exists()
    words = ("--preview", "-", "--as-of", AS_OF, "--certificate", tmp_path / "no" / "c")
    assert "cannot be written" in run(*words, code=2, input_=json.dumps(preview("us-prod")))[1]


def test_only_what_was_reviewed_passes(tmp_path):
    """Another plan, state or stack file is named."""
    reviewed, other = tmp_path / "r.json", tmp_path / "x.json"
    on(preview("us-prod"), "--certificate", reviewed)
    on(preview("us-prod"), "--reviewed", reviewed)
    changed = leaking(put("Bucket", "profiles-us-ashburn-1", objectEventsEnabled=False))
    assert on(changed)
    words = ("--preview", "-", "--as-of", AS_OF, "--reviewed")
    assert "another plan" in run(*words, reviewed, code=1, input_=json.dumps(changed))[1]
    other.write_text("{}")
    assert "is no certificate" in run(*words, other, code=2, input_=json.dumps(changed))[1]


@pytest.fixture
def files(tmp_path):
    """A state and its stack file."""
    (tmp_path / "state.json").write_text(json.dumps(exported("us-prod")))
    (tmp_path / "Pulumi.us-prod.yaml").write_text(yaml.safe_dump({"config": configuration("us-prod")}))
    return tmp_path


def test_a_state_is_proved_too(files):
    """With its stack file named, and without where the project has it."""
    words = ("--state", files / "state.json", "--as-of", AS_OF)
    assert "PROVED" in run(*words, "--stack-file", files / "Pulumi.us-prod.yaml")[0]
    assert "PROVED" in run(*words)[0]


def test_an_inventory_names_strangers(files):
    """What a cloud has and the state does not know, and what lies where nothing may be."""
    words = ("--state", files / "state.json", "--as-of", AS_OF, "--inventory", files / "i.json")
    oracle = [
        {"resource-type": "Bucket", "display-name": "usds-profiles-iad", "identifier": "x", "region": "us-ashburn-1"},
        {"resource-type": "Bucket", "display-name": "usds-profiles-iad", "identifier": "x", "region": "uk-london-1"},
        {"resource-type": "Volume", "display-name": "v", "identifier": "ocid1.volume.oc1.iad.x"},
        {"resource-type": "Route", "display-name": "r", "identifier": "ocid1.route.oc1.iad.x"},
    ]
    (files / "i.json").write_text(json.dumps({"data": {"items": oracle}}))
    assert run(*words, code=1)[0].splitlines()[2:] == [
        "  INVENTORY  REFUTED   2 that nobody manages here · 4 examined",
        "    uk-london-1  Bucket  usds-profiles-iad  nothing may be in uk-london-1",
        "    us-ashburn-1  Volume  v  the state does not know it",
    ]
    known = {
        "resourceType": "AWS::S3::Bucket",
        "resourceName": "usds-profiles-use1-111111111111",
        "awsRegion": "us-east-1",
    }
    (files / "i.json").write_text(json.dumps({"configurationItems": [known]}))
    assert "INVENTORY  PROVED    all are known · 1 examined" in run(*words)[0]
    assert json.loads(run(*words, "--json")[0]) == {"examined": 1, "strangers": []}
    (files / "i.json").write_text("{}")
    assert "lists no resource" in run(*words, code=2)[1]


def test_explain_says_why(files):
    """A dataset with its keys and copies, a hostname with its answers; a misspelt name is answered with the nearest."""
    words = ("--state", files / "state.json", "--as-of", AS_OF)
    out = run("explain", "profiles", *words)[0]
    assert "  lies in    us-ashburn-1 (Ashburn, US), because of provider oci-us-ashburn-1\n" in out
    assert "  key        protected-us-ashburn-1 in vault-us-ashburn-1\n" in out
    assert "  copy       it replicates to usds-profiles-phx in us-phoenix-1\n" in out
    assert "  statement  objectstorage-us-ashburn-1: Allow service objectstorage-us-ashburn-1 " in out
    assert "  answers    A us-ashburn-1: us-ashburn-1 (Ashburn, US)" in run("explain", "api.us.example.com", *words)[0]
    assert "did you mean profiles" in run("explain", "profilex", *words, code=2)[1]
    assert "in US" not in run("explain", "usds-vault-iad", *words)[0]


def test_bad_input_says_what_to_do(tmp_path):
    """Nothing named, both named, no file, no day, no resource, no declaration."""
    empty = tmp_path / "s.json"
    empty.write_text(json.dumps({"version": 3, "deployment": {"manifest": {}}}))
    assert "one of --preview and --state" in run(code=2)[1]
    assert "one of --preview and --state" in run("--preview", empty, "--state", empty, code=2)[1]
    assert "cannot be read" in run("--state", tmp_path / "none", code=2)[1]
    assert "is no day" in run("--state", empty, "--as-of", "tomorrow", code=2)[1]
    assert "has no resource" in run("--state", empty, "--as-of", date.max, code=2)[1]
    bare = json.dumps(preview("us-prod") | {"config": {}})
    words = ("--preview", "-", "--as-of", AS_OF, "--stack-file")
    (tmp_path / "f.yaml").write_text("config: {}")
    assert "has no usdata:deployment" in run(*words, tmp_path / "f.yaml", code=2, input_=bare)[1]
    (tmp_path / "f.yaml").write_text("config: [")
    assert "cannot be read" in run(*words, tmp_path / "f.yaml", code=2, input_=bare)[1]
    (tmp_path / "f.yaml").write_text("config: {usdata:deployment: {organization: x}}")
    assert "is not what a stack file says" in run(*words, tmp_path / "f.yaml", code=2, input_=bare)[1]
