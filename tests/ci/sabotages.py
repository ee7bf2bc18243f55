"""Nine ways to get something else deployed than what was reviewed; each returns the reason that stopped it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.ci.play import Desk, Ran


def _stopped(desk: Desk, done: Ran, *, code: int, says: str) -> str:
    desk.must(done.code == code, f"exit {done.code}\n{done.out[-1500:]}{done.err[-1500:]}")
    desk.must(says in done.err + done.out, f"it says something else: {done.out[-1500:]}{done.err[-1500:]}")
    return says


def state_changed(desk: Desk) -> str:
    """Somebody edits the state between review and apply."""
    desk.must(desk.run("infra", "state", "unprotect", "--all").code == 0, "the state could not be edited")
    return _stopped(desk, desk.run(*desk.up(desk.digest)), code=2, says="the state has changed since the review")


def other_stack(desk: Desk) -> str:
    """The approved review holds the plan of another stack."""
    for path in (desk.work / "review").glob("*.json"):
        path.write_text(path.read_text().replace("urn:pulumi:sandbox::", "urn:pulumi:us-prod::"))
    return _stopped(desk, desk.run(*desk.up(desk.rebound())), code=2, says="the plan is of another stack")


def edited_certificate(desk: Desk) -> str:
    """The approved review holds a certificate that puts data elsewhere than the preview does."""
    path = desk.work / "review" / "certificate.json"
    path.write_text(path.read_text().replace("us-phoenix-1", "us-chicago-1"))
    done = desk.run(*desk.up(desk.rebound()))
    return _stopped(desk, done, code=1, says="the certificate does not hold for the preview")


def fork(desk: Desk) -> str:
    """A fork's pull request tries to get a session, and to deploy without one."""
    done = desk.run("infra.deploy", "preview", "--stack", "us-prod", "--out", desk.work / "prod")
    _stopped(desk, done, code=2, says="there is no session of Oracle Cloud")
    done = desk.run("infra.deploy", "login", "--stack", "us-prod")
    return _stopped(desk, done, code=2, says="this run has no identity that Oracle Cloud would believe")


def expired(desk: Desk) -> str:
    """A legacy site's phase ends between review and apply."""
    done = desk.run(*desk.up(desk.digest), "--as-of", "2027-03-31")
    return _stopped(desk, done, code=2, says="2027-03-31, which is today")


def foreign_backend(desk: Desk) -> str:
    """The environment names a bucket in Frankfurt for the state."""
    done = desk.run(*desk.up(desk.digest), environment={"PULUMI_BACKEND_URL": "s3://states?region=eu-central-1"})
    return _stopped(desk, done, code=2, says="the state would not be in its home in the United States")


def unpinned(desk: Desk) -> str:
    """A workflow uses an action by its tag, which its owner can move."""
    file = desk.root / ".github" / "workflows" / "deploy.yaml"
    file.write_text(re.sub(r"@[0-9a-f]{40} # (v[0-9.]+)", r"@\1", file.read_text(), count=1))
    zizmor = Path(sys.executable).parent / "zizmor"
    done = subprocess.run(  # noqa: S603 (a tool of the environment)
        [str(zizmor), "--offline", "--persona", "pedantic", str(file)], capture_output=True, text=True, check=False
    )
    desk.must(done.returncode != 0, "the linter lets it pass")
    desk.must("unpinned-uses" in done.stdout, done.stdout)
    return "unpinned-uses"


def missing_receipt(desk: Desk) -> str:
    """A legacy site is to be wiped before anybody signed that its data was found in Oracle Cloud."""
    desk.edit("phase: backup", "phase: drain\n          operatorRole: retirers")
    digest = desk.review("drain")
    approvals = desk.work / "approvals.json"
    approvals.write_text(
        '[{"state": "approved", "environments": [{"name": "phase-move"}], "user": {"login": "second"}}]'
    )
    done = desk.run(*desk.up(digest, "drain"))
    _stopped(desk, done, code=2, says="nobody approved the phase move")
    desk.edit("phase: drain", 'phase: wipe\n          confirmCensus: "5a1e90c2"')
    words = ("infra.deploy", "preview", "--stack", "sandbox", "--out", desk.work / "wipe", *desk.day)
    return _stopped(desk, desk.run(*words), code=2, says="receipt")


def two_at_once(desk: Desk) -> str:
    """Two runs apply the same review at the same moment: one does, the other is told so."""
    words = [sys.executable, "-m", *map(str, desk.up(desk.digest))]
    runs = [
        subprocess.Popen(  # noqa: S603 (our own commands)
            words, cwd=desk.root, env=desk.surroundings(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    ends = [(*run.communicate(), run.returncode) for run in runs]
    codes = sorted(code for *_, code in ends)
    desk.must(codes[0] == 0 and codes[1] in {1, 2}, f"exit codes {codes}")
    (other,) = [err for _, err, code in ends if code]
    reasons = ("the stack is currently locked", "the state has changed since the review")
    said = [reason for reason in reasons if reason in other]
    desk.must(bool(said), other)
    return said[0]


SABOTAGES: Final[Mapping[str, Callable[[Desk], str]]] = {
    "state changed between review and apply": state_changed,
    "plan of another stack": other_stack,
    "edited certificate": edited_certificate,
    "fork without credentials": fork,
    "expired phase": expired,
    "foreign backend": foreign_backend,
    "unpinned action": unpinned,
    "missing receipt": missing_receipt,
    "two runs at once": two_at_once,
}
"""By what a reader calls it."""
