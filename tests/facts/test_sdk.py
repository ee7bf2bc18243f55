"""Facts from the installed SDK, whatever else loads it at the same time."""

import subprocess
import sys

from infra.facts.sdk import describe

HALF_LOADED = """
import sys, types
import pulumi_oci
package = sys.modules["pulumi_oci.core"]
package.__class__ = types.ModuleType  # the first thing that a lazy load does, in the thread that begins it
assert not hasattr(package, "Ipv6")
from infra.facts.sdk import describe
facts = describe("oci:Core/ipv6:Ipv6")
print(facts is not None and "subnetId" in facts.inputs)
print(describe("oci:Core/nothing:Nothing"))
"""


def test_a_package_that_another_thread_is_loading_is_no_obstacle():
    """A provider that is asked about a type while the program loads the SDK answers.

    It does not prove that the SDK's own classes can be used meanwhile.
    """
    command = [sys.executable, "-c", HALF_LOADED]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (this interpreter)
    assert (done.stdout.split(), done.stderr) == (["True", "None"], "")


ASKED_FIRST = """
from infra.facts.sdk import describe
assert describe("oci:Monitoring/alarm:Alarm") is not None
import pulumi_oci
print(pulumi_oci.monitoring.Alarm.__name__)
"""


def test_a_program_finds_a_class_that_was_asked_about_before_it_began():
    """A provider that serves another run in the same process does not leave the package without the class."""
    done = subprocess.run([sys.executable, "-c", ASKED_FIRST], capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.stdout.split(), done.stderr) == (["Alarm"], "")


def test_a_class_whose_file_has_a_name_of_another_form_is_found_in_its_package():
    """A name that begins with one letter and an acronym is not split as the others are."""
    found = describe("aws:glue/mLTransform:MLTransform")
    assert found is not None
    assert "parameters" in found.inputs
