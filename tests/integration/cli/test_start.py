"""Help, version and settings of the command line."""

import json
import subprocess
import sys

from eventer import __version__

HEAVY = (
    "numpy pyarrow numba pydantic fastapi starlette uvicorn httpx aiokafka asyncpg rich sqlite3"
).split()


def test_help_imports_nothing_heavy_and_httpx_no_command_line():
    code = (
        "import sys\n"
        "from eventer.cli.main import main\n"
        "sys.argv = ['eventer', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
        "import httpx\n"
        "print([name for name in ('click', 'rich') if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Commands:" in done.stdout
    assert done.stderr.splitlines() == ["[]", "[]"]


def test_the_service_process_loads_no_engine():
    """Templates are evaluated in other processes, so the one that answers stays small."""
    engines = "numba pyarrow.compute eventer.plan.columnar_engine eventer.jsonnet.load".split()
    code = (
        "import sys, eventer.cli.hosting\n"
        f"print([name for name in {engines!r} if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_command_explains_itself(shell):
    names = "dev serve run preview validate add list status pause resume remove functions".split()
    overview = shell.call("--help").stdout
    for name in [*names, "config"]:
        assert f"\n  {name} " in overview
    for command in (["run"], ["config", "show"]):
        done = shell.call(*command, "-h")
        assert done.returncode == 0
        assert done.stdout.startswith("Usage: ")


def test_the_version(shell):
    assert shell.run("--version").stdout == f"eventer {__version__}\n"


def test_a_wrong_command_line_is_a_usage_error(shell):
    for args in (["prevew"], ["run"], ["preview", "missing.jsonnet"], ["list", "--bad"]):
        done = shell.call(*args)
        assert done.returncode == 2, args
        assert done.stdout == ""
        assert "Error" in done.stderr


def test_functions_as_text_and_json(shell):
    listed = shell.call("functions")
    assert "get_integer(" in listed.stdout
    (function,) = json.loads(shell.call("functions", "get_integer", "--json").stdout)["functions"]
    assert function["name"] == "get_integer"
    assert function["examples"][0] in shell.call("functions", "get_integer").stdout


def test_an_unknown_function_gets_its_near_name(shell):
    done = shell.call("functions", "get_intger")
    assert (done.returncode, done.stdout) == (1, "")
    assert "did you mean 'get_integer'?" in done.stderr


def test_config_show_masks_secrets_and_names_origins(shell):
    shell.write("eventer.toml", "port = 1234\n[kafka]\nsasl_password = 'pw'\n")
    done = shell.call("config", "show", EVENTER_TOKEN="t0ken", EVENTER_XYZZY="1")
    lines = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()}
    assert lines["port"] == ["1234", "eventer.toml:1"]
    assert lines["token"] == ["********", "EVENTER_TOKEN"]
    assert lines["kafka.sasl_password"] == ["********", "eventer.toml:3"]
    assert "EVENTER_XYZZY is not a setting" in done.stderr
    shown = json.loads(shell.call("config", "show", "--json").stdout)
    assert shown["port"] == {"value": "1234", "origin": "eventer.toml:1"}


def test_a_wrong_configuration_is_named_with_its_line(shell):
    shell.write("conf.toml", "\nprot = 1234\n")
    done = shell.call("--config", "conf.toml", "config", "show")
    assert done.returncode == 78
    assert "conf.toml:2: there is no setting 'prot'" in done.stderr
    assert "did you mean 'port'?" in done.stderr


def test_serve_refuses_to_be_reached_without_a_token(shell):
    done = shell.call("serve", "--host", "0.0.0.0", "--port", "0")
    assert done.returncode == 78
    assert "EVENTER_TOKEN" in done.stderr
