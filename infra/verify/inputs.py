"""Reads what a proof is about, and puts together what the theorems are decided on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from infra.verify import home
from infra.verify.context import Context
from infra.verify.declared import KEY, UndeclaredError, declared
from infra.verify.sources import documents, preview, state
from infra.verify.sources.loaded import Loaded, UnusableError
from infra.verify.values import record

ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a command line names.

    Attributes:
        preview: A preview's document, or `-` for standard input.
        state: An exported state.
        stack_file: Where the declarations are, where the preview does not have them.
        receipts: The folder of receipts; by default the one beside the stack file.
        project: The folder of Pulumi.yaml; by default the one above the stack file's.
    """

    preview: Path | None
    state: Path | None
    stack_file: Path | None
    receipts: Path | None
    as_of: date
    project: Path | None = None

    @property
    def name(self) -> str:
        """The file, for messages."""
        path = self.preview or self.state
        return "standard input" if path is None or str(path) == "-" else path.name


def load(asked: Asked, standard_input: bytes = b"") -> tuple[Loaded, Context]:
    """Read it.

    Raises:
        UnusableError: A file cannot be read, or nothing can be proved from it.
    """
    if (asked.preview is None) == (asked.state is None):
        raise UnusableError(
            "one of --preview and --state says what to prove",
            fix="pulumi preview --json --show-sames > preview.json; python -m infra.verify --preview preview.json",
        )
    path = asked.preview or asked.state
    content = standard_input if str(path) == "-" else documents.content(path or Path())
    found = documents.parsed(content, asked.name)
    loaded = preview.load(found, asked.name) if asked.preview is not None else state.load(found, asked.name)
    if not loaded.graph.nodes and not loaded.graph.gone:
        raise UnusableError(f"{asked.name} has no resource", why="nothing can be proved about nothing")
    return loaded, context(loaded, _config(asked, loaded), asked, plain=documents.in_the_clear(content))


def context(loaded: Loaded, config: Mapping[str, Any], asked: Asked, *, plain: int = 0) -> Context:
    """What the theorems are decided on.

    Args:
        loaded: What was read.
        config: The stack's configuration.
        asked: What was asked for.
        plain: How many secrets were in the clear in what was read.

    Raises:
        UnusableError: The configuration declares no deployment, or a receipt cannot be read.
    """
    try:
        said = declared(config)
    except UndeclaredError as error:
        raise UnusableError(str(error), fix="name the stack file: --stack-file stacks/Pulumi.NAME.yaml") from error
    stack_file = asked.stack_file or _stack_file(loaded.stack, asked.project or ROOT)
    folder = asked.receipts or stack_file.parent / "receipts" / loaded.stack
    backend, committed = home.named(asked.project or stack_file.parent.parent, stack_file)
    exposed = home.exposes(config) or home.exposes(home.configuration(stack_file))
    return Context(
        stack=loaded.stack,
        graph=loaded.graph,
        declared=said,
        as_of=asked.as_of,
        receipts=receipts(folder),
        home=home.Home(
            backend=backend, committed=committed, stored=loaded.secrets_provider, plain=plain, exposed=exposed
        ),
    )


def receipts(folder: Path) -> dict[str, tuple[str, ...]]:
    """The receipts of each site, oldest first: the files `<site>.<number>-<step>.json` of a folder.

    Raises:
        UnusableError: One cannot be read.
    """
    found: dict[str, tuple[str, ...]] = {}
    for path in sorted(folder.glob("*.[0-9][0-9][0-9][0-9]-*.json")):
        site = path.name.partition(".")[0]
        try:
            found[site] = (*found.get(site, ()), path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UnusableError(f"receipt {path.name} cannot be read: {error}") from error
    return found


def _stack_file(stack: str, project: Path = ROOT) -> Path:
    return project / "stacks" / f"Pulumi.{stack}.yaml"


def _config(asked: Asked, loaded: Loaded) -> Mapping[str, Any]:
    """The stack's configuration: the preview's own, unless a file is named."""
    if asked.stack_file is None and KEY in loaded.config:
        return loaded.config
    path = asked.stack_file or _stack_file(loaded.stack, asked.project or ROOT)
    import yaml  # noqa: PLC0415 (a preview brings its configuration along)

    try:
        found: object = yaml.safe_load(path.read_bytes())
    except (OSError, yaml.YAMLError) as error:
        raise UnusableError(
            f"the stack file {path.name} cannot be read",
            given=str(getattr(error, "strerror", None) or error).splitlines()[0],
            why="classes, phases and expiries are believed from there only",
            fix="name it: --stack-file stacks/Pulumi.NAME.yaml",
        ) from error
    return record(record(found).get("config"))
