"""Numbers of the command line beyond their range are errors of the command line."""

import pytest
from typer.testing import CliRunner

from eventer.cli.main import app

HUGE = "99999999999999999999"


@pytest.mark.parametrize(
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
        ["serve", "--port", HUGE],
    ],
)
def test_a_number_out_of_range_is_an_error_of_the_command_line(command):
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
