"""How the parts of the project may know each other, and what no part may do: held against the code itself.

Import contracts stand in pyproject.toml. What follows reads syntax trees: it sees what is written, not what a value is
at run time, so it closes doors by their names; the recorder's laws in `tests/components` hold what comes out.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from infra.residency.regions import REGIONS
from tests.support import picture
from tests.support.programs import ROOT

KERNEL = sorted((ROOT / "infra" / "residency").rglob("*.py"))
COMPONENTS = sorted((ROOT / "components").rglob("*.py"))
PROGRAM = [ROOT / "infra" / name for name in ("program.py", "providers.py", "exports.py", "holder_watch.py")]
SETTINGS = sorted((ROOT / "infra" / "settings").rglob("*.py"))
EVERYTHING = sorted((ROOT / "infra").rglob("*.py")) + COMPONENTS
SDKS = {"oci", "aws"}


def label(path: Path) -> str:
    """A path as a test's name."""
    return path.relative_to(ROOT).as_posix()


def tree(path: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports(path: Path) -> set[str]:
    """Every module that a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        match node:
            case ast.Import(names=names):
                found |= {alias.name for alias in names}
            case ast.ImportFrom(module=str(module)):
                found.add(module)
    return found


def dotted(node: ast.expr) -> str:
    """`oci.core.Vcn` for such an expression; empty for any other."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            base = dotted(value)
            return f"{base}.{attr}" if base else ""
        case _:
            return ""


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call of something that has a dotted name."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and dotted(node.func):
            yield dotted(node.func), node


def texts(path: Path) -> Iterator[ast.Constant]:
    """Every text of a module that is no docstring."""
    module = tree(path)
    alone = {
        id(node.value)
        for node in ast.walk(module)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node


def test_the_picture_is_that_of_the_code():
    """The picture in docs/architecture.md is what the imports say today; `python -m tests.support.picture` draws it."""
    text = picture.DOCUMENT.read_text(encoding="utf-8")
    assert picture.placed(text) == text
    found = picture.edges()
    assert all(found[room] for room in ("cli", "program", "components"))
    assert found["kernel"] == set()


def test_imports_point_one_way():
    """Kernel <- settings, components <- program <- command line; engine and clouds apart, without residency."""
    done = subprocess.run(  # noqa: S603 - a tool of the environment that runs this test
        [str(Path(sys.executable).parent / "lint-imports"), "--no-logo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", KERNEL, ids=label)
def test_the_kernel_is_the_standard_library_without_clock_and_surroundings(path):
    """Nothing that is not in the standard library, and nothing in it that tells a time, a place or a chance."""
    outside = {name for name in imports(path) if name.split(".")[0] not in sys.stdlib_module_names}
    assert {name for name in outside if not name.startswith("infra.residency")} - {"infra"} == set()
    surroundings = {"os", "time", "random", "secrets", "socket", "subprocess", "pathlib", "locale", "platform", "uuid"}
    assert {name.split(".")[0] for name in imports(path)} & surroundings == set()
    told = {"today", "now", "utcnow", "fromtimestamp", "getenv", "environ", "open", "input", "print"}
    assert {name.split(".")[-1] for name, _ in calls(path)} & told == set()


@pytest.mark.parametrize("path", [*COMPONENTS, *PROGRAM, *SETTINGS], ids=label)
def test_only_main_reads_the_clock_and_nothing_the_environment(path):
    """The day enters as an argument; where something is comes from the stack file alone."""
    told = {name for name, _ in calls(path) if name.split(".")[-1] in {"today", "now", "utcnow"}}
    assert told == ({"datetime.now"} if path.name == "program.py" else set())
    assert imports(path) & {"os", "random", "secrets", "socket", "subprocess", "time", "uuid"} == set()


@pytest.mark.parametrize("path", [*COMPONENTS, *PROGRAM, *SETTINGS], ids=label)
def test_a_deployment_needs_the_three_sdks_and_what_checks_a_signature(path):
    """What `pulumi up` imports: the standard library, the SDKs with PyYAML, `cryptography` and the project."""
    used = {name.split(".")[0] for name in imports(path)} - sys.stdlib_module_names
    assert used <= {"infra", "components", "pulumi", "pulumi_oci", "pulumi_aws", "yaml", "cryptography"}


def test_providers_are_made_in_one_module():
    """`infra/providers.py` alone makes a provider, and makes one of each cloud."""
    made = {
        (label(path), name)
        for path in EVERYTHING
        for name, _ in calls(path)
        if name.endswith(".Provider") and name.split(".")[0] in SDKS
    }
    assert made == {("infra/providers.py", "oci.Provider"), ("infra/providers.py", "aws.Provider")}


@pytest.mark.parametrize("path", [p for p in [*KERNEL, *COMPONENTS, *PROGRAM] if p.name != "regions.py"], ids=label)
def test_no_region_is_written_outside_the_table(path):
    """No text is a region's name or key, and none without blanks (what people read has some) contains a name."""
    keys = {row.key for row in REGIONS.values()}
    for text in texts(path):
        spelled = text.value.lower()
        assert spelled not in keys, f"line {text.lineno}"
        if " " not in spelled:
            assert not any(name in spelled for name in REGIONS), f"line {text.lineno}"


def test_places_flows_and_plans_are_made_by_the_planner_only():
    """No component, program or command can make a placement or a flow of its own."""
    planned = {
        *("BackupBucket", "DatasetPlan", "ExportGrant", "Flow", "KeyPlan", "Network", "Placement", "Plan"),
        *("ServiceGrant", "Site", "SitePlan", "Subnet", "Tenancy", "TrafficPlan"),
    }
    for path in EVERYTHING:
        if path in KERNEL:
            continue
        names = {
            alias.asname or alias.name
            for node in ast.walk(tree(path))
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("infra.residency")
            for alias in node.names
            if alias.name in planned
        }
        assert {name for name, _ in calls(path)} & names == set(), label(path)


def resources(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call that registers a resource of a cloud."""
    for name, call in calls(path):
        first, last = name.split(".")[0], name.split(".")[-1]
        if first in SDKS and last[0].isupper() and not last.endswith("Args"):
            yield name, call


@pytest.mark.parametrize("path", COMPONENTS, ids=label)
def test_every_resource_of_a_component_gets_its_options_from_the_base(path):
    """`opts=` is always there, and options are made by the two methods of `components.base` alone."""
    for name, call in resources(path):
        assert any(keyword.arg == "opts" for keyword in call.keywords), f"{name} in line {call.lineno}"
    if path.name != "base.py":
        for name, call in calls(path):
            if name.endswith("ResourceOptions"):  # a component inside a component
                assert [ast.unparse(keyword) for keyword in call.keywords] == ["parent=self"], f"line {call.lineno}"
            assert not name.endswith("ResourceOptions.merge")


def test_only_components_register_resources():
    """The program makes components, providers and outputs, and no resource beside them."""
    assert [(label(p), name) for p in PROGRAM for name, _ in resources(p)] == [
        ("infra/providers.py", "oci.Provider"),
        ("infra/providers.py", "aws.Provider"),
    ]


TRANSLATIONS = {"edge_network.py": ["self._vcn.ipv6cidr_blocks.apply(_first_64)"]}
"""The only functions of a value that comes from a cloud: a subnet's prefix is cut out of the one that Oracle gave."""


@pytest.mark.parametrize("path", [*COMPONENTS, *PROGRAM], ids=label)
def test_nothing_is_decided_on_a_value_that_a_preview_may_not_know(path):
    """No `apply` or other callback, no condition on an identifier or endpoint, no call of a provider's function."""
    unknown = {
        "id",
        "arn",
        "urn",
        "key_id",
        "management_endpoint",
        "default_route_table_id",
        "default_security_list_id",
        "ip_address",
        "ipv6cidr_blocks",
        "nameservers",
    }
    for name, call in calls(path):
        first, last = name.split(".")[0], name.split(".")[-1]
        assert not name.startswith("pulumi.Output"), f"line {call.lineno}"
        assert not (first in SDKS and last[0].islower()), f"{name} in line {call.lineno}"
    applied = [ast.unparse(call) for name, call in calls(path) if name.endswith(".apply")]
    assert applied == TRANSLATIONS.get(path.name, [])
    uses = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute) and node.attr == "apply"]
    assert len(uses) == len(applied)
    for node in ast.walk(tree(path)):
        match node:
            case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test) | ast.Assert(test=test):
                tests = [test]
            case ast.comprehension(ifs=tests):
                pass
            case ast.Match(subject=subject):
                tests = [subject]
            case _:
                continue
        for condition in tests:
            found = {n.attr for n in ast.walk(condition) if isinstance(n, ast.Attribute)} & unknown
            assert not found, f"line {condition.lineno}"


@pytest.mark.parametrize(
    "path", [p for p in [*COMPONENTS, *PROGRAM] if p.name not in {"__init__.py", "naming.py"}], ids=label
)
def test_a_module_says_what_it_refuses(path):
    """The first thing to know about a module that places data is what it will not do."""
    assert "refuses" in (ast.get_docstring(tree(path)) or "")


@pytest.mark.parametrize("path", [p for p in COMPONENTS if p.name not in {"__init__.py", "naming.py"}], ids=label)
def test_arguments_of_components_are_frozen(path):
    """Every `...Args` is a frozen, keyword-only dataclass with slots."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ClassDef) and node.name.endswith("Args"):
            assert [ast.unparse(decorator) for decorator in node.decorator_list] == [
                "dataclass(frozen=True, slots=True, kw_only=True)"
            ], node.name


def test_default_providers_are_disabled_and_no_stack_says_otherwise():
    """The engine itself refuses a resource without an explicit provider; the program runs from the project's root."""
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))
    assert project["config"] == {"pulumi:disable-default-providers": ["*"]}
    assert "main" not in project
    assert project["stackConfigDir"] == "stacks"
    assert project["runtime"] == {"name": "python", "options": {"toolchain": "pip", "virtualenv": ".venv"}}
    for path in (ROOT / "stacks").glob("Pulumi.*.yaml"):
        assert set(yaml.safe_load(path.read_text(encoding="utf-8"))["config"]) == {"usdata:deployment"}


@pytest.mark.parametrize("path", EVERYTHING, ids=label)
def test_a_module_stays_readable(path):
    """One idea in a module: none has more than 500 lines."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 500
