"""The house as it is drawn: imports point down, in no circle, and each outside library has its one door."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent.parent / "nexmo_nb"
LAYERS: list[set[str]] = [
    {"errors"},
    {
        *("frames", "validation", "text", "masking", "options", "times", "hosts"),
        *("formulas", "private_files", "csv_files", "csv_reader"),
    },
    {"credentials", "contacts", "examples", "excel_files", "focus"},
    {"state"},
    {"session", "pseudonyms"},
    {"numbers", "applications", "sms", "voice", "pricing", "reports", "subaccounts"},
    {"campaigns", "costs", "plots"},
    {"cli", "forms", "report_page"},
]
# A room may use a neighbour of its layer, if no circle comes of it.
LEVEL = {room: level for level, layer in enumerate(LAYERS) for room in layer}
STARTS_SANDBOX = {"session", "cli"}
DOORS = {
    "requests": {"session"},
    "urllib3": {"session"},
    "requests_cache": {"state"},
    "sqlite3": {"state"},
    "phonenumbers": {"contacts"},
    "ipywidgets": {"forms"},
    "anywidget": {"forms"},
    "matplotlib": {"plots"},
    "openpyxl": {"contacts", "excel_files"},
}
SQL = re.compile(
    r"^\s*(SELECT .* FROM|INSERT INTO|REPLACE INTO|UPDATE .* SET|DELETE FROM|CREATE (TABLE|INDEX)|ALTER TABLE)\b"
)


def modules() -> list[tuple[str, Path]]:
    """List the modules, each by its full name."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = ["nexmo_nb", *path.relative_to(PACKAGE).with_suffix("").parts]
        found.append((".".join(parts[:-1] if parts[-1] == "__init__" else parts), path))
    return found


MODULES = modules()
NAMES = {name for name, _ in MODULES}
EACH = pytest.mark.parametrize(("name", "path"), [pytest.param(*each, id=each[0]) for each in MODULES])


def room_of(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


def imports(path: Path) -> Iterator[str]:
    """Give the full names of what a module imports, wherever it does so."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: import by full name"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def module_of(imported: str) -> str | None:
    """Give the module of the package that an imported name is, or is in."""
    name = imported
    while name.startswith("nexmo_nb"):
        if name in NAMES:
            return name
        name = name.rpartition(".")[0]
    return None


def uses(name: str, path: Path) -> set[str]:
    return {module for imported in imports(path) if (module := module_of(imported)) not in (None, name)}


@EACH
def test_imports_point_down(name: str, path: Path) -> None:
    room = room_of(name)
    for target in map(room_of, uses(name, path)):
        if not room or target in ("", room):
            continue
        if room == "sandbox":
            raise AssertionError(f"{name}: the sandbox stands aside, but imports {target}")
        if target == "sandbox":
            assert room in STARTS_SANDBOX, f"{name} imports the sandbox"
        else:
            assert LEVEL[target] <= LEVEL[room], f"{name} imports {target}"


def circles(graph: dict[str, set[str]]) -> list[str]:
    """Take away, again and again, what uses nothing that is left; what cannot be taken away is in a circle."""
    left = {name: set(targets) for name, targets in graph.items()}
    while free := [name for name, targets in left.items() if not targets & left.keys()]:
        for name in free:
            del left[name]
    return sorted(left)


def test_no_module_is_in_a_circle() -> None:
    # A module may import the package that it is in only for names of that package's own modules.
    graph = {name: {t for t in uses(name, path) if not name.startswith(f"{t}.")} for name, path in MODULES}
    assert circles(graph) == []


def test_no_room_is_in_a_circle() -> None:
    graph: dict[str, set[str]] = {}
    for name, path in MODULES:
        targets = {room_of(target) for target in uses(name, path)} - {room_of(name), "", "sandbox"}
        graph.setdefault(room_of(name), set()).update(targets)
    del graph[""]  # the package itself shows what its rooms offer
    assert circles(graph) == []


def test_a_circle_would_be_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}, "e": set()}) == ["a", "b", "c", "d"]


@EACH
def test_each_library_has_its_one_door(name: str, path: Path) -> None:
    for imported in imports(path):
        library = imported.split(".")[0]
        assert library not in DOORS or room_of(name) in DOORS[library], f"{name} imports {library}"


@EACH
def test_only_frames_builds_dataframes(name: str, path: Path) -> None:
    if room_of(name) not in ("frames", "sandbox"):
        text = path.read_text(encoding="utf-8")
        assert "pd.DataFrame(" not in text
        assert "pd.concat(" not in text


@EACH
def test_sql_stands_in_modules_of_its_own(name: str, path: Path) -> None:
    texts = [
        node.value for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Constant)
    ]
    found = [text for text in texts if isinstance(text, str) and SQL.match(text)]
    assert not found or name.endswith("_sql"), found[0]


@EACH
def test_no_module_uses_a_private_name_of_another(name: str, path: Path) -> None:
    private = [imported for imported in imports(path) if re.search(r"\._[^_]", imported)]
    assert [imported for imported in private if imported.startswith("nexmo_nb")] == []
    tree = ast.parse(path.read_text(encoding="utf-8"))
    own = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)}
    own |= {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    own |= {
        node.target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    own |= {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and re.match("_[^_]", node.attr):
            assert node.attr in own | LIBRARY, f"{name}:{node.lineno} uses {node.attr}"


# Private names of libraries that have no public one for the same thing, each with its reason where it is used.
LIBRARY = {"_allow_stdin", "_replace", "_asdict", "_fields", "_repr_html_", "_register_atexit"}


# --- size ------------------------------------------------------------------------------------------------------------

LONGEST_MODULE, LONGEST_BODY = 400, 40


@EACH
def test_no_module_is_too_long_to_read(name: str, path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE


@EACH
def test_no_function_is_too_long_to_read(name: str, path: Path) -> None:
    long = {
        node.name: lines
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and (lines := body_lines(node)) > LONGEST_BODY
    }
    assert long == {}


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a body, without its docstring."""
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return 0 if len(node.body) == 1 else (node.body[-1].end_lineno or 0) - node.body[1].lineno + 1
    return (node.body[-1].end_lineno or 0) - first.lineno + 1
