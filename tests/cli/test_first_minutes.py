"""What a newcomer meets: a stack file by asking, completion in a shell, the launcher.

Proves that what `init` writes plans, or that nothing is written; not that it is what somebody wants to deploy.
"""

import os
import shutil
import subprocess

import pytest
import yaml

from infra import settings
from infra.cli import init
from tests.cli.project import AS_OF, HERE

GIVEN = {
    "stack": "us-new",
    "organization": "usds",
    "tenancy": "ocid1.tenancy.oc1..aaaaaaaasandbox",
    "namespace": "axsandbox",
    "primary": "us-ashburn-1",
    "standby": "us-phoenix-1",
    "service": "us-ashburn-1=ocid1.service.oc1.iad.aaaaaaaasandbox,us-phoenix-1=ocid1.service.oc1.phx.aaaaaaaasandbox",
    "dataset": "profiles=protected,avatars=public",
    "site": "virginia=111111111111,singapore=222222222222",
    "expires": "2027-03-31",
}


def words(changed=()):
    """The options that give everything, some of it changed; None leaves one out."""
    given = {**GIVEN, **dict(changed)}
    return [word for name, value in given.items() if value is not None for word in (f"--{name}", value)]


def test_what_it_writes_plans_and_previews(project):
    """The file has what was given, its comments, and nothing wrong; the commands that it names work."""
    out = project.out("init", "--as-of", AS_OF, *words())
    text = (project.root / "stacks" / "Pulumi.us-new.yaml").read_text()
    assert "It plans without a finding" in out
    assert text.count("#") >= 8
    value = yaml.safe_load(text)["config"]["usdata:deployment"]
    assert value["datasets"] == {"profiles": {"class": "protected"}, "avatars": {"class": "public"}}
    assert {name: site["accountId"] for name, site in value["legacy"]["sites"].items()} == {
        "virginia": "111111111111",
        "singapore": "222222222222",
    }
    project.out("lock", "--stack", "us-new", "--as-of", AS_OF)
    assert "dataset avatars (public)" in project.out("preview", "--stack", "us-new", "--as-of", AS_OF)


def test_what_is_not_given_is_asked_for(project, monkeypatch):
    """Each question once, in order, with an example; the answers are what is written."""
    monkeypatch.setattr(init, "_asks", lambda: True)
    answers = "\n".join(GIVEN.values()) + "\n"
    out, _ = project.run("init", "--as-of", AS_OF, input_=answers)
    assert "Object Storage namespace (oci os ns get) (axexample)" in out
    assert settings.read((project.root / "stacks" / "Pulumi.us-new.yaml").read_bytes()).findings == ()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"primary": "eu-frankfurt-1"}, "eu-frankfurt-1, a region in Frankfurt (DE)"),
        ({"dataset": "profiles=secret"}, "secret"),
        ({"dataset": "profiles"}, "datasets.profiles.class"),
        ({"site": "tokyo=111111111111"}, "legacy.sites.tokyo.region"),
        ({"service": "us-ashburn-1=ocid1.service.oc1.iad.aaaaaaaasandbox"}, "oci.regions.us-phoenix-1.serviceId"),
        ({"expires": "2020-01-01"}, "2020-01-01"),
        ({"organization": 'x"\n  evil: 1'}, "organization"),
        ({"tenancy": "yes"}, "oci.tenancyId"),
        ({"stack": "sandbox"}, "there is a stack sandbox already"),
        ({"stack": "../evil"}, "that is no name for a stack"),
        ({"expires": None, "site": None}, "--site virginia=111111111111 --expires 2027-03-31"),
    ],
)
def test_what_would_not_plan_is_not_written(project, changed, said):
    """Every finding, exit 2, and the folder as it was."""
    before = sorted((project.root / "stacks").iterdir())
    _, err = project.run("init", "--as-of", AS_OF, *words(changed), code=2)
    assert said in err
    assert sorted((project.root / "stacks").iterdir()) == before


@pytest.mark.parametrize(
    ("typed", "completed"),
    [(["prev"], ["preview"]), (["preview", "--what"], ["--what-if"]), (["preview", "--stack", "us"], ["us-prod"])],
)
def test_bash_completes(typed, completed):
    """Commands, options and stacks, in the shell itself, by the launcher."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("needs bash")
    script = (
        'eval "$(usdata completion bash)"; COMP_WORDS=(usdata "$@"); COMP_CWORD=$#; '
        '_usdata_completion usdata; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(  # noqa: S603 (fixed words)
        [bash, "-c", script, "bash", *typed],
        env={**os.environ, "PATH": f"{HERE / 'bin'}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == completed


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_theirs(project, shell):
    """What click makes for them, for the command `usdata`; these shells do not run here."""
    out = project.out("completion", shell)
    assert f"_USDATA_COMPLETE={shell}_complete" in out
