"""`make ci` as a test: many minutes of whole commands, so a campaign; tests/deploy has the same part by part."""

import pytest

from tests.ci.__main__ import main


@pytest.mark.campaign
def test_the_pull_request_and_its_sabotages():
    """Everything as it must be."""
    assert main() == 0
