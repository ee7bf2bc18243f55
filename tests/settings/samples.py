"""A stack file that may be, with its lines numbered, and what is found in an edited one."""

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.residency.findings import Finding, ResidencyError
from infra.settings import load

TODAY = date(2026, 11, 24)
BASE = """\
config:
  usdata:deployment:
    organization: usds
    oci:
      tenancyId: ocid1.tenancy.oc1..aaaaaaaasandbox
      homeRegion: us-ashburn-1
      objectStorageNamespace: axsandbox
      auth: {method: ApiKey, profile: sandbox}
      regions:
        us-ashburn-1:
          role: primary
          cidr: 10.16.0.0/16
          serviceId: ocid1.service.oc1.iad.aaaaaaaasandbox
        us-phoenix-1:
          role: standby
          cidr: 10.17.0.0/16
          serviceId: ocid1.service.oc1.phx.aaaaaaaasandbox
    datasets:
      profiles: {class: protected}
      videos: {class: protected, shards: 2}
      metrics:
        class: excepted
        reason: global capacity planning
        expires: "2027-06-30"
        export: {name: capacity-planning, group: capacity-planners}
      avatars: {class: public}
    legacy:
      sites:
        virginia:
          region: us-east-1
          accountId: "111111111111"
          deployerRole: usdata-deployer
          phase: backup
          expires: "2027-03-31"
        singapore:
          region: ap-southeast-1
          accountId: "222222222222"
          deployerRole: usdata-deployer
          phase: backup
          expires: "2027-03-31"
          adopt:
            profiles: tt-sg-profiles-backup
"""


def edited(*edits: tuple[str, str]) -> str:
    """The good file with texts replaced; each must stand in it exactly once."""
    text = BASE
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def found(content: str | bytes, *, configured: object | None = None) -> tuple[Finding, ...]:
    """Everything that is found in a file; empty where it may be."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "Pulumi.test.yaml"
        path.write_bytes(content.encode(errors="surrogatepass") if isinstance(content, str) else content)
        try:
            load(path, configured=configured, as_of=TODAY)
        except ResidencyError as error:
            return error.findings
    return ()
