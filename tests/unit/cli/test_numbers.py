"""Numbers of the command line beyond their range are errors of the command line."""

import typer
from click.testing import CliRunner

from eventer.cli.main import app
from tests.families import family

CLI = typer.main.get_command(app)
HUGE = "99999999999999999999"


@family(
    "command",
    [
        ["preview", "x.jsonnet", "--count", HUGE],
        ["preview", "x.jsonnet", "--count", "0"],
        ["preview", "x.jsonnet", "--first", HUGE],
        ["preview", "x.jsonnet", "--first", "-1"],
        ["run", "x.jsonnet", "--stdout", "--interval", "1s", "--count", HUGE],
        ["run", "x.jsonnet", "--stdout", "--max-events", HUGE],
        ["run", "x.jsonnet", "--stdout", "--rate", "9" * 5000 + "/s"],
        ["run", "x.jsonnet", "--stdout", "--duration", "9" * 5000 + "s"],
        ["run", "x.jsonnet", "--stdout", "--seed", "9" * 5000],
        ["run", "x.jsonnet", "--stdout", "--at", "2300-01-01T00:00:00Z"],
        ["run", "x.jsonnet", "--stdout", "--max-events", "1.5"],
        ["serve", "--port", HUGE],
        ["serve", "--workers", "257"],
        ["serve", "--workers", "nan"],
        ["dev", "--duration", "0s"],
        ["dev", "--duration", "-1s"],
        ["dev", "--duration", "inf"],
    ],
)
def test_a_number_out_of_range_is_an_error_of_the_command_line(command):
    result = CliRunner().invoke(CLI, command)
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert "Input should" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)


@family(
    ("command", "said"),
    [
        (["preview", "x", "--count", "0"], "'-n': must be an integer from 1 to 1,000,000"),
        (["preview", "x", "--count", "1e3"], "'-n': must be an integer from 1 to 1,000,000"),
        (["serve", "--port", "-1"], "'--port': must be an integer from 0 to 65,535"),
        (["dev", "--duration", "-1s"], "'--duration': must be greater than zero"),
        (["run", "x", "--stdout", "--on-error", "x"], "'--on-error': must be stop or skip"),
        (["resume", "1", "--position", "x"], "'--position': must be registry or destination"),
        (["preview", "x", "--library", "missing"], "'--library': missing is not a folder"),
    ],
)
def test_the_error_of_an_option_says_what_is_expected(command, said):
    assert said in CliRunner().invoke(CLI, command).output
