"""What `import eventer` offers, and what it costs."""

import inspect
import subprocess
import sys
import tomllib
from pathlib import Path

import eventer
from eventer.core import errors
from eventer.core.distribution import DISTRIBUTION

ROOT = Path(__file__).parents[3]

PUBLIC = {
    "AsyncClient",
    "Client",
    "CommittedEvent",
    "RunSummary",
    "Template",
    "__version__",
    "run",
    *(
        "BudgetError BusyError ConfigError DestinationError DestinationRejectedError "
        "DestinationUnavailableError EvaluationError EventerError NotFoundError RequestError "
        "ServiceProblemError ServiceUnreachableError TemplateError TemplateStaticError "
        "TemplateSyntaxError"
    ).split(),
}
CODE = """
import sys
before = set(sys.modules)
import eventer
import eventer.library.pytest_plugin
loaded = sorted(name for name in set(sys.modules) - before if name.startswith("eventer"))
heavy = [n for n in ("numpy", "pyarrow", "httpx", "pydantic", "typer") if n in sys.modules]
print(loaded, heavy)
"""


def test_the_public_names_are_listed_and_exist():
    assert set(eventer.__all__) == PUBLIC == set(dir(eventer))
    for name in PUBLIC - {"__version__"}:
        found = getattr(eventer, name)
        assert inspect.getdoc(found), f"{name} has no documentation"
        assert found.__name__ == name
    assert issubclass(eventer.TemplateSyntaxError, eventer.EventerError)
    assert eventer.RequestError is errors.RequestError
    assert not hasattr(eventer, "templates")


def test_public_methods_are_typed_and_documented():
    for kind in (eventer.Template, eventer.Client, eventer.AsyncClient):
        for name, method in inspect.getmembers(kind, inspect.isfunction):
            if not name.startswith("_"):
                assert inspect.getdoc(method), f"{kind.__name__}.{name}"
                assert "return" in method.__annotations__, f"{kind.__name__}.{name}"


def test_hints_name_the_distribution():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["name"] == DISTRIBUTION
    hints = [p for p in (ROOT / "src").rglob("*") if p.suffix in {".py", ".html"}]
    named = [p.name for p in hints if "pip install " in p.read_text()]
    assert named == ["distribution.py"]


def test_the_import_loads_nothing_else():
    command = [sys.executable, "-c", CODE]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    expected = ["eventer", "eventer.library", "eventer.library.pytest_plugin"]
    assert done.stdout.strip() == f"{expected} []"
