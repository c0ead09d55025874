"""The house as it is drawn: imports point down, in no circle, and each outside library has its one door."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent.parent.parent / "nexmo_nb"
LAYERS: list[set[str]] = [
    {"errors"},
    {
        *("frames", "validation", "text", "masking", "options", "times", "hosts"),
        *("arrow_frames", "formulas", "private_files", "csv_files", "csv_reader", "addresses"),
    },
    {"credentials", "contacts", "examples", "excel_files", "focus"},
    {"state"},
    {"session", "pseudonyms"},
    {"numbers", "applications", "messages", "sms", "voice", "pricing", "reports", "lookup", "subaccounts"},
    {"campaigns", "costs", "plots"},
    {"cli", "forms", "report_page", "testing"},
]
# A room may use a neighbour of its layer, if no circle comes of it.
LEVEL = {room: level for level, layer in enumerate(LAYERS) for room in layer}
STARTS_SANDBOX = {"session", "cli", "testing"}
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
    "fsspec": {"addresses"},
    "dask": {"campaigns"},
    "distributed": {"campaigns"},
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


@cache
def read_text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def list_nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(read_text(path))))


def find_faults(check: Callable[[str, Path], Iterator[str]]) -> list[str]:
    """Let a check look at every module, and give what it found."""
    return [f"{name} {fault}" for name, path in MODULES for fault in check(name, path)]


def room_of(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


@cache
def imports(path: Path) -> list[str]:
    """Give the full names of what a module imports, wherever it does so."""
    found = []
    for node in list_nodes(path):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: import by full name"
            found += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
    return found


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


def test_imports_point_down() -> None:
    def check(name: str, path: Path) -> Iterator[str]:
        room = room_of(name)
        for target in sorted(set(map(room_of, uses(name, path)))):
            if not room or target in ("", room):
                continue
            # The sandbox stands aside.
            if room == "sandbox" or (target == "sandbox" and room not in STARTS_SANDBOX):
                yield f"imports {target}"
            elif target != "sandbox" and LEVEL[target] > LEVEL[room]:
                yield f"imports {target}, which is above it"

    assert find_faults(check) == []


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


def test_each_library_has_its_one_door() -> None:
    def check(name: str, path: Path) -> Iterator[str]:
        for library in sorted({imported.split(".")[0] for imported in imports(path)}):
            if room_of(name) not in DOORS.get(library, {room_of(name)}):
                yield f"imports {library}"

    assert find_faults(check) == []


def test_only_frames_builds_dataframes() -> None:
    def check(name: str, path: Path) -> Iterator[str]:
        if room_of(name) not in ("frames", "sandbox"):
            yield from (f"has {build}" for build in ("pd.DataFrame(", "pd.concat(") if build in read_text(path))

    assert find_faults(check) == []


def test_sql_stands_in_modules_of_its_own() -> None:
    def check(name: str, path: Path) -> Iterator[str]:
        if not name.endswith("_sql"):
            texts = [node.value for node in list_nodes(path) if isinstance(node, ast.Constant)]
            yield from (text for text in texts if isinstance(text, str) and SQL.match(text))

    assert find_faults(check) == []


def list_own_names(path: Path) -> set[str]:
    """List what a module gives a name: attributes that it sets, functions, classes and its variables."""
    own = set()
    for node in list_nodes(path):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            own.add(node.attr)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            own.add(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            own |= {target.id for target in targets if isinstance(target, ast.Name)}
    return own


def test_no_module_uses_a_private_name_of_another() -> None:
    def check(name: str, path: Path) -> Iterator[str]:
        for imported in imports(path):
            if imported.startswith("nexmo_nb") and re.search(r"\._[^_]", imported):
                yield f"imports {imported}"
        known = list_own_names(path) | LIBRARY
        for node in list_nodes(path):
            if isinstance(node, ast.Attribute) and re.match("_[^_]", node.attr) and node.attr not in known:
                yield f"line {node.lineno} uses {node.attr}"

    assert find_faults(check) == []


# Private names of libraries that have no public one for the same thing, each with its reason where it is used.
LIBRARY = {"_allow_stdin", "_replace", "_asdict", "_fields", "_repr_html_", "_register_atexit"}


# --- size ------------------------------------------------------------------------------------------------------------

LONGEST_MODULE, LONGEST_BODY = 400, 40


def test_no_module_is_too_long_to_read() -> None:
    def check(name: str, path: Path) -> Iterator[str]:
        count = len(read_text(path).splitlines())
        yield from [f"has {count} lines"] * (count > LONGEST_MODULE)

    assert find_faults(check) == []


def test_no_function_is_too_long_to_read() -> None:
    def check(name: str, path: Path) -> Iterator[str]:
        for node in list_nodes(path):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and body_lines(node) > LONGEST_BODY:
                yield f"has {body_lines(node)} lines in {node.name}"

    assert find_faults(check) == []


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a body, without its docstring."""
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return 0 if len(node.body) == 1 else (node.body[-1].end_lineno or 0) - node.body[1].lineno + 1
    return (node.body[-1].end_lineno or 0) - first.lineno + 1
