"""How answers of the real services are read."""

from datetime import UTC, datetime

import pytest

from infra.retirement import clients


@pytest.mark.parametrize(
    "spelling",
    ["2026-11-26T07:30:05Z", "2026-11-26T07:30:05.000Z", "Thu, 26 Nov 2026 07:30:05 GMT", 1795678205, "1795678205"],
)
def test_every_spelling_of_a_time_is_the_same_time(spelling):
    """Those of listings, headers and the key service, with a zone; it does not prove that a service uses no other."""
    assert clients._time(spelling) == datetime(2026, 11, 26, 7, 30, 5, tzinfo=UTC)
