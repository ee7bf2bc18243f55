"""A project folder of its own for each test, with a small stack in both clouds, and the command line on it."""

import json
import shutil
from pathlib import Path

from click.testing import CliRunner

from infra import program
from infra.cli import main, workspace

HERE = Path(__file__).resolve().parents[2]
AS_OF = "2026-11-23"

STACK = """\
config:
  usdata:deployment:
    organization: usds
    oci:
      tenancyId: ocid1.tenancy.oc1..aaaaaaaasandbox
      homeRegion: us-ashburn-1
      objectStorageNamespace: axsandbox
      auth: {method: ApiKey, profile: sandbox}
      regions:
        us-ashburn-1: {role: primary, cidr: 10.16.0.0/16, serviceId: ocid1.service.oc1.iad.aaaaaaaasandbox}
        us-phoenix-1: {role: standby, cidr: 10.17.0.0/16, serviceId: ocid1.service.oc1.phx.aaaaaaaasandbox}
    datasets:
      profiles: {class: protected}
      metrics:
        class: excepted
        reason: global capacity planning
        expires: "2027-06-30"
        export: {name: capacity-planning, group: capacity-planners}
    legacy:
      sites:
        virginia:
          region: us-east-1
          accountId: "111111111111"
          deployerRole: usdata-deployer
          phase: backup
          expires: "2027-03-31"
"""


class Project:
    """A project folder and the command line on it."""

    def __init__(self, root) -> None:
        self.root = root
        self.file = root / "stacks" / "Pulumi.sandbox.yaml"
        self.state = root / ".sandbox" / "state" / "sandbox.json"

    def run(self, *words: object, code=0, input_=None):
        """Run a command and return what it wrote to standard output and standard error, as one text each."""
        result = CliRunner().invoke(main, [str(word) for word in words], input=input_)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, f"exit {result.exit_code}:\n{result.stdout}\n{result.stderr}"
        return result.stdout, result.stderr

    def out(self, *words: object, code=0):
        """What a command writes to standard output."""
        return self.run(*words, code=code)[0]

    def preview(self, *words: object, code=0):
        """The report of a preview on the pinned day."""
        return self.out("preview", "--stack", "sandbox", "--as-of", AS_OF, *words, code=code)

    def up(self, *words: object, code=0):
        """The report of an update on the pinned day."""
        return self.out("up", "--stack", "sandbox", "--as-of", AS_OF, *words, code=code)

    def steps(self, *words: object, code=0):
        """The steps of a preview but the unchanged, as (operation, type, name)."""
        document = json.loads(self.preview("--json", *words, code=code))
        return {
            (s["op"], s["urn"].split("::")[2].rpartition("$")[2], s["urn"].split("::")[3])
            for s in document["steps"]
            if s["op"] != "same"
        }

    def edit(self, old, new):
        """Change the stack file."""
        text = self.file.read_text()
        assert old in text
        self.file.write_text(text.replace(old, new, 1))


def make_project(root, patch):
    """A project folder with the small stack, in which `patch` makes the command line work."""
    (root / "stacks").mkdir(parents=True)
    for name in ("Pulumi.yaml", "pyproject.toml", "requirements.txt"):
        shutil.copy(HERE / name, root)
    (root / "stacks" / "Pulumi.sandbox.yaml").write_text(STACK)
    (root / "stacks" / "Pulumi.us-prod.yaml").write_text(STACK)
    patch.setattr(workspace, "ROOT", root)
    patch.setattr(program, "_ROOT", root)
    return Project(root)
