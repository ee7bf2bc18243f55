"""What the sample deployment registers, in a preview and with known ids."""

import pytest

from tests.support.programs import sample
from tests.support.recorder import Recorded


@pytest.fixture(params=[True, False], ids=["preview", "up"])
def recorded(request) -> Recorded:
    """Everything that the program registers for the sample request."""
    return sample(preview=request.param)


@pytest.fixture
def made() -> Recorded:
    """The same with ids, as `<type name.id>`."""
    return sample(preview=False)
