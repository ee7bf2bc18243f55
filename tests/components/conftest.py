"""What the sample deployment registers, in a preview and with known ids."""

import pytest

from tests.support.programs import answering, sample
from tests.support.recorder import Recorded


@pytest.fixture(params=[True, False], ids=["preview", "up"])
def recorded(request) -> Recorded:
    """Everything that the program registers for the sample request."""
    return sample(preview=request.param)


@pytest.fixture
def made() -> Recorded:
    """The same with ids, as `<type name.id>`."""
    return sample(preview=False)


@pytest.fixture
def edges() -> Recorded:
    """What the program registers for the sample that answers users, with ids."""
    return answering(preview=False)
