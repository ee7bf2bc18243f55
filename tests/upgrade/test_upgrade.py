"""What an upgrade drill says, from two documents; that it can install the newest SDKs only a network can show."""

import copy
import json
import subprocess
import sys
from importlib.metadata import version

import pytest

from tests.support.programs import ROOT
from tests.upgrade.__main__ import _needed, compared

PINNED = {
    "versions": {"pulumi": "1"},
    "inputs": {"a:b:C": ["x", "y"], "a:b:D": ["x"]},
    "inventories": {"s": "one\ntwo\n"},
}


def test_nothing_differs():
    """One line a package."""
    assert list(compared(PINNED, PINNED)) == ["pulumi 1, which is the newest"]


def test_each_difference_is_said():
    """A new version, a new input, one that is gone, a type that is gone, another inventory."""
    newest = copy.deepcopy(PINNED)
    newest["versions"]["pulumi"] = "2"
    newest["inputs"] = {"a:b:C": ["y", "z"]}
    newest["inventories"]["s"] = "one\nthree\n"
    said = list(compared(PINNED, newest))
    assert said[:4] == [
        "pulumi 1 -> 2",
        "UNDECIDED  a:b:C has the new input z",
        "GONE       a:b:C has no input x any more",
        "GONE       a:b:D",
    ]
    assert {"-two", "+three"} <= set(said)


def test_the_stacks_of_the_tests_can_be_made_there():
    """The environment of the newest SDKs has the one package more that the tests' own stacks import, as pinned."""
    (pin,) = _needed()
    assert pin == f"hypothesis=={version('hypothesis')}"


@pytest.mark.campaign
def test_the_shapes_of_the_pinned_environment():
    """What `make upgrade-check` reads: every modelled type that the SDKs have, and both stacks."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.upgrade.shapes"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    document = json.loads(done.stdout)
    assert document["inventories"].keys() == {"sandbox", "us-prod"}
    assert {"oci:Kms/key:Key", "aws:s3/bucket:Bucket"} <= document["inputs"].keys()
    assert "protectionMode" in document["inputs"]["oci:Kms/key:Key"]
