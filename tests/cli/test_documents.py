"""What the documents say about the command line is so: commands, options, exit codes, targets, links, shown output.

Proves that what they name exists and what they show is printed; not that what they explain is explained well.
"""

import re
from datetime import date

import click
import pytest

from infra import sandbox, settings
from infra.cli import main
from infra.cli.refusal import Exit
from infra.deploy import command_line as deploy
from infra.residency.findings import ResidencyError, render
from infra.sandbox import command_line
from infra.verify import command_line as verify
from tests.cli.project import HERE

GROUPS = {"infra": main, "infra.sandbox": command_line.main, "infra.deploy": deploy.main, "infra.verify": verify.main}
DOCUMENTS = [
    "README.md",
    "CONTRIBUTING.md",
    "stacks/README.md",
    *(str(p.relative_to(HERE)) for p in sorted(HERE.glob("docs/**/*.md"))),
]
OUTSIDE = {"--help"}


def text(name):
    """A document."""
    return (HERE / name).read_text(encoding="utf-8")


def found(words):
    """The command that the words after `python -m` name, and the words that are left."""
    command, rest = GROUPS[words[0]], words[1:]
    while rest and isinstance(command, click.Group) and rest[0] in command.commands:
        command, rest = command.commands[rest[0]], rest[1:]
    return command, rest


def leaves(group, words):
    """Every command of a group, as the words that name it."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command, (*words, name))
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield (*words, name)


def test_every_command_is_in_the_list():
    """The table has exactly the commands that there are."""
    rows = re.findall(r"^\| `python -m infra ([a-z -]+)` \|", text("docs/commands.md"), re.MULTILINE)
    assert sorted(tuple(row.split()) for row in rows) == sorted(leaves(main, ()))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_commands_are_there(name):
    """Each command that is named exists and has the options that are named with it."""
    for line in re.findall(r"python -m (infra(?:\.sandbox|\.deploy|\.verify)?(?: [^`\n]*)?)`", text(name)):
        words = re.sub(r"[\[\]]", "", line).partition(" -- ")[0].split()
        command, rest = found(words)
        group = isinstance(command, click.Group)
        assert not (group and rest and re.fullmatch(r"[a-z][a-z-]*", rest[0])), f"{name}: no command {line!r}"
        options = {option for parameter in command.params for option in parameter.opts} | OUTSIDE
        assert {word for word in rest if word.startswith("--")} <= options, f"{name}: {line!r}"


def test_options_in_the_list_are_there():
    """An option in a row of the list is one of that row's command."""
    for words, described in re.findall(
        r"^\| `python -m infra ([a-z -]+)` \|(.*)$", text("docs/commands.md"), re.MULTILINE
    ):
        command, _ = found(["infra", *words.split()])
        own = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"`(--[a-z-]+)`", described)) <= own, words


def test_exit_codes():
    """The documents, the help and the code name the same ones."""
    table = text("docs/commands.md").split("## Exit codes")[1].split("##")[0]
    assert [int(code) for code in re.findall(r"^\| (\d) \|", table, re.MULTILINE)] == [int(code) for code in Exit]
    sentence = next(line for line in text("README.md").splitlines() if line.startswith("Exit codes"))
    assert [int(code) for code in re.findall(r"\d", sentence)] == [int(code) for code in Exit]


@pytest.mark.parametrize("name", [*DOCUMENTS, "CHANGELOG.md", ".ci/run"])
def test_targets_are_there(name):
    """Each `make` target that is named is one."""
    targets = set(re.findall(r"^([a-z.][a-z/-]*):", text("Makefile"), re.MULTILINE)) | {".venv/cli", ".venv/dev"}
    named = re.findall(r"(?:`|^)make ([a-z-]+)", text(name), re.MULTILINE)
    assert set(named) <= targets


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name):
    """Each link to a file of the project, and each path in backticks that ends in a slash, is there."""
    folder = (HERE / name).parent
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text(name)):
        if "://" not in link:
            assert (folder / link).exists(), link
    for path in re.findall(r"`((?:infra|components|tests|docs|stacks)/[a-z_/]*)`", text(name)):
        assert (HERE / path).exists(), path


def test_the_readme_is_one_screen():
    """The two commands come first; all of it fits a screen."""
    lines = text("README.md").splitlines()
    commands = [line for line in lines if line.startswith("make ")]
    assert [line.split("#")[0].strip() for line in commands] == ["make preview", "make test"]
    assert lines.index(commands[0]) < 10
    assert len(lines) < 50


def test_the_refusal_in_the_readme_is_what_is_printed(tmp_path):
    """The shown edit of the shipped file, with the shown line; later lines of the message are left out there."""
    shown = text("README.md").split("usdata: 1 problem in ")[1].split("```")[0]
    stack = settings.stack_file(HERE, "sandbox").read_text()
    (tmp_path / "stacks").mkdir()
    file = settings.stack_file(tmp_path, "sandbox")
    file.write_text(stack.replace("        us-ashburn-1:\n", "        us-gov-ashburn-1:\n", 1))

    with pytest.raises(ResidencyError) as refused:
        settings.load(file, configured=None, as_of=date(2026, 11, 24))
    (finding,) = [f for f in refused.value.findings if f.path == "oci.regions.us-gov-ashburn-1"]
    printed = render([finding], "stacks/Pulumi.sandbox.yaml")
    assert printed.removeprefix("usdata: 1 problem in ").startswith(shown.rstrip())


def test_the_simulated_clouds_listen_where_it_is_said():
    """On this machine only."""
    assert sandbox.server._LOOPBACK == "127.0.0.1"
