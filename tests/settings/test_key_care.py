"""`keys` and `legacy.sites.<name>.restore` in a stack file: what is read, and what is refused for its shape."""

import pytest

from infra.residency.deployment import RestoreRequest
from infra.residency.findings import Rule
from infra.residency.keys_request import KeysRequest
from infra.settings import read
from tests.settings.samples import BASE

RESTORE = '          restore: {role: restorers, network: us-office, dataset: profiles, until: "2026-12-10"}\n'
SITE = '          phase: backup\n          expires: "2027-03-31"\n        singapore:'


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("", KeysRequest(vault="shared", rotation_days=365)),
        ("    keys: {vault: private}\n", KeysRequest(vault="private", rotation_days=365)),
        ("    keys: {rotationDays: 90}\n", KeysRequest(vault="shared", rotation_days=90)),
    ],
)
def test_keys_are_read(text, keys):
    """What is left out is shared, and once a year."""
    file = read((BASE + text).encode())
    assert (file.request.keys, file.findings) == (keys, ())


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("    keys: {}\n", ("keys", Rule.EMPTY_MAP)),
        ("    keys: {vaults: private}\n", ("keys.vaults", Rule.UNKNOWN_KEY)),
        ("    keys: {vault: 5}\n", ("keys.vault", Rule.WRONG_TYPE)),
        ("    keys: {rotationDays: often}\n", ("keys.rotationDays", Rule.WRONG_TYPE)),
    ],
)
def test_keys_that_are_not_in_shape_are_refused(text, finding):
    """The finding names the place."""
    assert finding in {(it.path, it.rule) for it in read((BASE + text).encode()).findings}


def test_a_restore_is_read():
    """All four keys, of the site that it stands at."""
    text = BASE.replace(SITE, SITE.replace("        singapore:", RESTORE + "        singapore:"))
    assert text != BASE
    sites = read(text.encode()).request.sites
    assert sites["singapore"].restore is None
    assert sites["virginia"].restore == RestoreRequest(
        role="restorers", network="us-office", dataset="profiles", until="2026-12-10"
    )


@pytest.mark.parametrize("key", ["role", "network", "dataset", "until"])
def test_a_restore_without_a_key_is_refused(key):
    """None of them has a default."""
    parts = {"role": "restorers", "network": "us-office", "dataset": "profiles", "until": '"2026-12-10"'}
    given = ", ".join(f"{name}: {value}" for name, value in parts.items() if name != key)
    text = BASE.replace(SITE, SITE.replace("        singapore:", f"          restore: {{{given}}}\n        singapore:"))
    found = {(it.path, it.rule) for it in read(text.encode()).findings}
    assert (f"legacy.sites.virginia.restore.{key}", Rule.MISSING_KEY) in found
