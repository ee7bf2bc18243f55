"""A fresh rehearsal of both sites for each test."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from tests.retirement.rig import rehearsal


@pytest.fixture
def rig(tmp_path, monkeypatch):
    """Both sites on a server of their own, empty."""
    with ExitStack() as stack:
        yield rehearsal(stack, tmp_path, monkeypatch)
