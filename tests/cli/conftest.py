"""Project folders for tests of the command line: a fresh one, and one whose sandbox stack is applied."""

import shutil

import pytest

from infra import program
from infra.cli import workspace
from tests.cli.project import Project, make_project


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A fresh project folder."""
    return make_project(tmp_path / "project", monkeypatch)


@pytest.fixture(scope="session")
def applied_once(tmp_path_factory):
    """A project folder whose sandbox stack is applied; copied for each test that asks for `applied`."""
    with pytest.MonkeyPatch.context() as patch:
        project = make_project(tmp_path_factory.mktemp("applied") / "project", patch)
        project.up()
    return project.root


@pytest.fixture
def applied(applied_once, tmp_path, monkeypatch):
    """A project folder of its own whose sandbox stack is applied."""
    root = tmp_path / "project"
    shutil.copytree(applied_once, root)
    monkeypatch.setattr(workspace, "ROOT", root)
    monkeypatch.setattr(program, "_ROOT", root)
    return Project(root)
