"""The evidence bundle: the same bytes from the same inputs, checked by two ways, refused for any file that differs.

The proof inside is tested with the proof; that an auditor is convinced no test can show. OSCAL files are read by
another library's models, the software list by its own library's reader.
"""

import base64
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cyclonedx.model.bom import Bom
from google.protobuf import json_format
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from trestle.oscal.assessment_results import AssessmentResults
from trestle.oscal.component import ComponentDefinition

from infra.evidence.bundle.controls import Control, controls, frameworks, judge
from infra.evidence.bundle.sbom import pins
from infra.verify.theorems import THEOREMS
from tests.cli.conftest import applied, applied_once  # noqa: F401 (the same fixtures, for this folder)
from tests.cli.project import AS_OF, HERE, Project

FILES = {
    "README.md", "access.json", "certificate.json", "check.py", "checker.py", "oscal/assessment-results.json",
    "oscal/component-definition.json", "preview.json", "sbom.cdx.json", "stack/Pulumi.sandbox.yaml", "theorems.json",
    "tools.json",
}  # fmt: skip


def made(project, folder, *words: object, code=0):
    """Write the bundle of the sandbox stack; everything that is printed."""
    out, error = project.run("evidence", "--stack", "sandbox", "--as-of", AS_OF, "--out", folder, *words, code=code)
    return out + error


@pytest.fixture(scope="session")
def bundle_once(applied_once, tmp_path_factory):  # noqa: F811
    """A bundle, and the digest that was printed with it."""
    folder = tmp_path_factory.mktemp("bundle") / "evidence"
    from infra import program  # noqa: PLC0415
    from infra.cli import workspace  # noqa: PLC0415

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workspace, "ROOT", applied_once)
        patch.setattr(program, "_ROOT", applied_once)
        said = made(Project(applied_once), folder)
    return folder, said.split("sha256:")[1].split(",")[0]


@pytest.fixture
def bundle(bundle_once, tmp_path):
    """A bundle of one's own to spoil."""
    shutil.copytree(bundle_once[0], tmp_path / "evidence")
    return tmp_path / "evidence"


def alone(folder):
    """Check it as an auditor does: Python without any package, nothing in the environment, another working folder."""
    return subprocess.run(  # noqa: S603 (this interpreter)
        [sys.executable, "-I", "-S", folder / "check.py"],
        cwd="/", env={}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def checked(folder, *words: object, code=0):
    """Check it with the checkout."""
    return "".join(Project(HERE).run("evidence", "check", folder, *words, code=code))


def test_both_checks_accept_it(bundle_once):
    """Exactly these files; a machine with nothing but Python, and the checkout, say the same."""
    folder, digest = bundle_once
    assert {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} == FILES | {"attestation.json"}
    done = alone(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    said = checked(folder, "--digest", f"sha256:{digest}")
    assert said == done.stdout
    assert said.startswith(f"ACCEPTED\nattestation  sha256:{digest}\n")
    assert not list(folder.rglob("__pycache__"))


def test_the_same_inputs_give_the_same_bytes(applied, bundle_once, tmp_path):  # noqa: F811
    """In another folder, at another time, with another hash seed of another process's sets and maps."""
    assert bundle_once[1] in made(applied, tmp_path / "again")
    for path in bundle_once[0].rglob("*"):
        if path.is_file():
            assert (tmp_path / "again" / path.relative_to(bundle_once[0])).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("name", sorted(FILES))
@pytest.mark.parametrize("how", ["altered", "missing", "added"])
def test_any_file_that_differs_is_found(bundle, name, how):
    """Each file once altered by a blank at its end, once missing, once with a neighbour: refused by name, twice."""
    path = bundle / name
    match how:
        case "altered":
            path.write_bytes(path.read_bytes() + b" ")
        case "missing":
            path.unlink()
        case _:
            name = f"{name}.more"
            (bundle / name).write_text("")
    if name != "check.py":
        done = alone(bundle)
        assert (done.returncode, done.stdout) == (1, f"REFUSED   {name} {'is ' if how == 'missing' else 'was '}{how}\n")
    assert name in checked(bundle, code=1)


def attested(folder, change):
    """Attest the folder anew, after a change of the statement, as whoever spoils a bundle would."""
    path = folder / "attestation.json"
    envelope = json.loads(path.read_text())
    statement = json.loads(base64.b64decode(envelope["payload"]))
    for subject in statement["subject"]:
        if (folder / subject["name"]).exists():
            subject["digest"]["sha256"] = hashlib.sha256((folder / subject["name"]).read_bytes()).hexdigest()
    change(statement)
    envelope["payload"] = base64.b64encode(json.dumps(statement).encode()).decode()
    path.write_text(json.dumps(envelope))


def of(name, old, new):
    """A text replaced in a file of the bundle."""

    def spoil(folder) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))
        attested(folder, lambda it: it["predicate"].update(
            certificate=hashlib.sha256((folder / "certificate.json").read_bytes()).hexdigest()
        ))  # fmt: skip

    return spoil


def link(folder) -> None:
    """A file that is a link to one outside."""
    (folder / "x").symlink_to("/etc/hostname")


def renamed(statement) -> None:
    """A subject that leads out of the folder."""
    statement["subject"][0]["name"] = "../README.md"


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (of("certificate.json", "us-phoenix-1", "us-chicago-1"), "the certificate does not hold"),
        (of("preview.json", "us-phoenix-1", "eu-frankfurt-1"), "the certificate does not hold"),
        (of("certificate.json", '"sandbox"', '"us-prod"'), "of another stack"),
        (of("certificate.json", "{", "["), "no JSON object"),
        (link, "x is no plain file"),
        (lambda folder: attested(folder, renamed), "wrongly"),
        (lambda folder: attested(folder, lambda it: it["subject"].append(it["subject"][0])), "wrongly"),
        (lambda folder: attested(folder, lambda it: it.update(predicateType="urn:other")), "another kind"),
        (lambda folder: attested(folder, lambda it: it["predicate"].pop("stack")), "REFUSED"),
        (lambda folder: (folder / "attestation.json").write_text("{}"), "cannot be read"),
    ],
)
def test_a_bundle_that_is_attested_anew_is_found_all_the_same(bundle, spoil, says):
    """Whoever spoils a bundle can write its attestation anew, but not make its parts agree."""
    spoil(bundle)
    done = alone(bundle)
    assert (done.returncode, done.stderr) == (1, "")
    assert says in done.stdout
    said = checked(bundle, code=1)
    assert says in said or says == "REFUSED"


def test_a_bundle_with_a_checker_of_its_own_is_refused(bundle):
    """One that accepts anything, rightly attested: only whoever has a checkout or the digest can tell."""
    (bundle / "checker.py").write_text('print("ACCEPTED")\n')
    attested(bundle, lambda _: None)
    assert alone(bundle).returncode == 0
    assert "the bundle's checker.py is not this release's" in checked(bundle, code=1)


def test_no_bundle(tmp_path):
    """An empty folder, and none, are bad input."""
    for folder in (tmp_path, tmp_path / "none"):
        assert "this is no bundle" in checked(folder, code=2)


def test_a_signature_is_made_and_verified(applied, bundle_once, tmp_path):  # noqa: F811
    """With the right key, and with none but it; the published digest is another one then."""
    key = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
    pem = tmp_path / "key.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    signer = base64.b64encode(raw).decode()
    made(applied, tmp_path / "signed", "--sign-with", pem)
    assert f"signed       by {signer}" in checked(tmp_path / "signed", "--signer", signer)
    assert alone(tmp_path / "signed").returncode == 0
    other = base64.b64encode(b"\x08" * 32).decode()
    assert "has not signed" in checked(tmp_path / "signed", "--signer", signer, "--signer", other, code=1)
    assert "no ed25519 public key" in checked(tmp_path / "signed", "--signer", "x", code=2)
    assert "another bundle than the one" in checked(tmp_path / "signed", "--digest", bundle_once[1], code=1)
    pem.write_text("no key")
    assert "no readable private key" in made(applied, tmp_path / "b", "--sign-with", pem, code=2)


def test_what_cannot_be_made(applied, bundle_once, tmp_path):  # noqa: F811
    """No folder named, one that is there, a record that is not; and a record that is there goes in."""
    assert "nothing says where" in "".join(applied.run("evidence", "--stack", "sandbox", code=2))
    assert "cannot be written" in made(applied, bundle_once[0], code=2)
    assert "the record cannot be read" in made(applied, tmp_path / "a", "--record", tmp_path / "none", code=2)


def test_other_libraries_read_it(bundle_once):
    """OSCAL's models of `compliance-trestle`, CycloneDX's reader and in-toto's statement take the files as they are."""
    folder = bundle_once[0]
    definition = ComponentDefinition.oscal_read(folder / "oscal" / "component-definition.json")
    results = AssessmentResults.oscal_read(folder / "oscal" / "assessment-results.json")
    (result,) = results.results
    claimed = [it for part in definition.components[0].control_implementations for it in part.implemented_requirements]
    assert len(claimed) == len(result.findings) == len(result.observations) == len(controls())
    assert {part.source for part in definition.components[0].control_implementations} == {
        facts["source"] for facts in frameworks().values()
    }
    bom = Bom.from_json(json.loads((folder / "sbom.cdx.json").read_text()))
    assert {(it.name, it.version) for it in bom.components} >= {("pulumi", "3.272.0"), ("click", "8.5.1")}
    payload = base64.b64decode(json.loads((folder / "attestation.json").read_text())["payload"])
    statement = json_format.ParseDict(json.loads(payload), statement_pb2.Statement())
    Statement.copy_from_pb(statement).validate()


def test_controls_say_what_is_so(bundle_once):
    """Public buckets are public by their class: the control about them is not satisfied, and says which."""
    findings = json.loads((bundle_once[0] / "oscal" / "assessment-results.json").read_text())
    states = {
        it["target"]["target-id"]: (it["target"]["status"]["state"], it["description"])
        for it in findings["assessment-results"]["results"][0]["findings"]
    }
    assert states["au-9_obj"] == ("not-satisfied", "no oci:Sch/connector:Connector is there to evidence it")
    assert states["sa-9.5_obj"] == ("satisfied", "T1 is PROVED")
    assert states["cis-oci-5.1.2"][0] == "satisfied"
    assert states["cis-aws-2.1.4"][0] == "satisfied"
    assert states["cis-oci-5.1.3"][0] == "not-satisfied"
    assert "phoenix" in states["cis-oci-5.1.3"][1]


CONTROL = Control(framework="f", id="1", says="", theorems=(), type="a:b:C", properties=("x", "y"), wanted=True)


@pytest.mark.parametrize(
    ("inputs", "satisfied"),
    [
        ([], False),
        ([{"x": True, "y": True}], True),
        ([{"x": True, "y": False}], False),
        ([{"x": True}], False),
        ([{"x": True, "y": True}, {}], False),
        ([{"x": True, "y": "04da6b54-80e4-46f7-96ec-b56ff0331ba9"}], False),
    ],
    ids=["no subject", "all", "one wrong", "absent", "one of two", "unknown"],
)
def test_a_control_of_resources(inputs, satisfied):
    """Satisfied by every resource of the type and by at least one, never by none or by an unknown."""
    resources = [{"type": "a:b:C", "urn": f"u::{number}", "inputs": it} for number, it in enumerate(inputs)]
    assert judge(CONTROL, {}, [*resources, {"type": "other", "urn": "u::o"}]).satisfied is satisfied


@pytest.mark.parametrize(
    ("answers", "satisfied"),
    [({"T1": "PROVED", "T2": "PROVED"}, True), ({"T1": "PROVED"}, False), ({"T1": "PROVED", "T2": "UNDECIDED"}, False)],
)
def test_a_control_of_theorems(answers, satisfied):
    """Satisfied by proofs of all its theorems."""
    control = Control(framework="f", id="1", says="", theorems=("T1", "T2"), type="", properties=(), wanted=None)
    assert judge(control, answers, []).satisfied is satisfied


@pytest.mark.parametrize(
    ("answer", "inputs", "because"),
    [
        ("PROVED", {"x": True}, "T1 is PROVED, 1 of 1 a:b:C"),
        ("UNDECIDED", {"x": True}, "T1 is UNDECIDED"),
        ("PROVED", {"x": False}, "not so: it"),
        ("PROVED", None, "no a:b:C is there to evidence it"),
    ],
)
def test_a_control_of_both(answer, inputs, because):
    """A proof over nothing evidences nothing: the theorem holds, and what it is about is there."""
    control = Control(framework="f", id="1", says="", theorems=("T1",), type="a:b:C", properties=("x",), wanted=True)
    resources = [] if inputs is None else [{"type": "a:b:C", "urn": "u::it", "inputs": inputs}]
    found = judge(control, {"T1": answer}, resources)
    assert (found.satisfied, found.because) == (because.startswith("T1 is PROVED"), because)


def test_no_control_rests_on_a_theorem_that_is_not_there():
    """Each theorem that the mapping names is one of the proof's."""
    named = {name for control in controls() for name in control.theorems}
    assert named <= {theorem.ID for theorem in THEOREMS}
    assert all(control.theorems or control.type for control in controls())


def test_pins():
    """Exact pins count, comments and ranges do not."""
    assert pins(["a[x]==1.0", "B==2 # why", "c>=3", "# d==4", ""]) == {"a": "1.0", "b": "2"}


def test_the_checks_are_alone():
    """Neither file of a bundle that runs imports anything beyond the standard library."""
    for name in ("infra/evidence/bundle/check.py", "infra/verify/checker/checker.py"):
        lines = (Path(HERE) / name).read_text().splitlines()
        found = {line.split()[1].split(".")[0] for line in lines if line.startswith(("import ", "from "))}
        assert found <= set(sys.stdlib_module_names), name
