"""The house rules of the design, read off the source."""

import ast
import subprocess
import sys
from pathlib import Path
from statistics import median, quantiles

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = [path for room in ("audit", "probes", "reports") for path in sorted((ROOT / room).rglob("*.py"))]
HEAVY = {"torch", "transformers", "shap", "textattack", "matplotlib", "pandas", "datasets", "evaluate", "fairlearn"}
IMPORTED_LATE = {ROOT / "probes" / "_evaluate.py", ROOT / "probes" / "_attack" / "parts.py"}
"""Files that name a base class of a heavy library at their top, and are only imported inside functions."""
SEEN_BY_PROBES = ("registry", "types", "stats", "perturbations", "errors", "personal_data")
COMPOSITION_ROOT = {ROOT / "audit" / "cli.py", ROOT / "audit" / "__main__.py"}


def imports(path: Path, *, top_only: bool = False) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_only else list(ast.walk(tree))
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def allowed(path: Path, module: str) -> bool:
    room, *rest = module.split(".")
    if room not in ("audit", "probes", "reports"):
        return True
    match path.relative_to(ROOT).parts[0]:
        case "audit":
            return room == "audit" or path in COMPOSITION_ROOT
        case "probes" if room == "probes":
            return not rest or rest[0].startswith("_")
        case "probes":
            return room == "audit" and (not rest or rest[0] in SEEN_BY_PROBES)
        case "reports":
            return room == "reports" or (room == "audit" and (not rest or rest[0] in ("types", "values")))
    return False


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_keep_to_the_rooms(path: Path) -> None:
    assert [module for module in imports(path) if not allowed(path, module)] == []
    if path not in IMPORTED_LATE:
        assert {module.split(".")[0] for module in imports(path, top_only=True)} & HEAVY == set()


def test_a_planted_import_is_seen(tmp_path: Path) -> None:
    assert not allowed(ROOT / "audit" / "gate.py", "reports.html")
    assert not allowed(ROOT / "probes" / "x.py", "probes.performance")
    assert not allowed(ROOT / "probes" / "x.py", "audit.config")
    assert not allowed(ROOT / "reports" / "x.py", "audit.gate")
    planted = tmp_path / "x.py"
    planted.write_text("from audit import gate\nimport torch\n", encoding="utf-8")
    assert imports(planted, top_only=True) == {"audit", "audit.gate", "torch"}


def test_functions_and_files_stay_small() -> None:
    lengths = []
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        assert text.count("\n") <= 340, f"{path.name} is long; give it one subject"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                lengths.append((body_lines(node), f"{path.name}:{node.name}"))
    sizes = [size for size, _ in lengths]
    assert median(sizes) <= 8
    assert quantiles(sizes, n=10)[8] <= 25
    assert max(lengths)[0] <= 60, max(lengths)


def body_lines(function: ast.FunctionDef) -> int:
    first = function.body[1] if ast.get_docstring(function) and len(function.body) > 1 else function.body[0]
    return (function.end_lineno or 0) - first.lineno + 1


def run_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_help_and_probes_load_nothing_heavy() -> None:
    code = f"import sys, audit.cli; print(sorted({HEAVY | {'numpy', 'pydantic', 'jinja2'}!r} & set(sys.modules)))"
    assert run_python(code) == "[]"
    code = f"import sys; from audit.registry import discover; discover(); print(sorted({HEAVY!r} & set(sys.modules)))"
    assert run_python(code) == "[]"


def test_the_card_and_the_gate_need_no_torch() -> None:
    block = "import sys; sys.modules['torch'] = sys.modules['transformers'] = sys.modules['onnxruntime'] = None; "
    assert run_python(block + "import audit.gate, audit.record, reports.html, reports.view; print('ok')") == "ok"


def test_every_command_has_help_with_an_example_and_is_in_the_readme() -> None:
    from typer.main import get_command

    from audit.cli import app

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        assert command.help, name
        assert "Example: renben" in (command.epilog or ""), name
        assert f"renben {name}" in readme, name


def test_every_probe_is_in_the_readme() -> None:
    from audit.registry import discover

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [id for id in discover() if f"`{id}`" not in readme] == []
