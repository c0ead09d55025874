"""Imports point down only, and each outside library has its one door."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent.parent / "nexmo_nb"
LAYERS: list[set[str]] = [
    {"errors"},
    {"frames", "validation", "text", "options", "csv_files"},
    {"account", "contacts"},
    {"state"},
    {"session"},
    {"numbers", "applications", "sms", "voice", "pricing", "reports"},
    {"campaigns", "costs", "plots"},
    {"cli", "forms"},
]
STARTS_SANDBOX = {"session", "cli"}
DOORS = {
    "requests": {"session"},
    "urllib3": {"session"},
    "requests_cache": {"session", "state"},
    "sqlite3": {"state"},
    "phonenumbers": {"contacts", "validation"},
    "ipywidgets": {"forms"},
    "matplotlib": {"plots"},
    "pyarrow": {"reports"},
}


def imports(path: Path) -> Iterator[tuple[str, ast.ImportFrom | ast.Import]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: import by full name"
            names = (
                [f"{node.module}.{alias.name}" for alias in node.names]
                if node.module == "nexmo_nb"
                else [node.module or ""]
            )
            yield from ((name, node) for name in names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)


def modules() -> list[tuple[str, Path]]:
    found = [(path.relative_to(PACKAGE).parts[0].removesuffix(".py"), path) for path in sorted(PACKAGE.rglob("*.py"))]
    return [(name, path) for name, path in found if name != "__init__"]


@pytest.mark.parametrize(
    ("name", "path"), modules(), ids=lambda value: value.name if isinstance(value, Path) else value
)
def test_imports_point_down(name: str, path: Path) -> None:
    level = {module: number for number, layer in enumerate(LAYERS) for module in layer}
    for imported, _ in imports(path):
        parts = imported.split(".")
        if parts[0] != "nexmo_nb" or len(parts) == 1:
            continue
        target = parts[1]
        if target == name:
            continue
        if name == "sandbox":
            assert target == "text", f"{path.name}: the sandbox stands aside, but imports {target}"
        elif target == "sandbox":
            assert name in STARTS_SANDBOX, f"{path.name} imports the sandbox"
        else:
            assert level[target] <= level[name], f"{path.name} imports {target}"


@pytest.mark.parametrize(
    ("name", "path"), modules(), ids=lambda value: value.name if isinstance(value, Path) else value
)
def test_each_library_has_its_one_door(name: str, path: Path) -> None:
    for imported, _ in imports(path):
        library = imported.split(".")[0]
        assert library not in DOORS or name in DOORS[library], f"{path.name} imports {library}"


def test_only_frames_builds_dataframes() -> None:
    for name, path in modules():
        if name not in ("frames", "sandbox"):
            text = path.read_text(encoding="utf-8")
            assert "pd.DataFrame(" not in text, path
            assert "pd.concat(" not in text, path


def test_no_module_is_too_long_to_read() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for _, path in modules()}
    assert {path.name: length for path, length in lengths.items() if length > 480} == {}
