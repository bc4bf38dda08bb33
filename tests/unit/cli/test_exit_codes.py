import pytest
import typer

from eventer.cli.exit_codes import exit_with_code
from eventer.core.errors import (
    ConfigError,
    DestinationRejectedError,
    DestinationUnavailableError,
    NotFoundError,
    RegistryError,
    RequestError,
    ServiceUnreachableError,
    TemplateSyntaxError,
    WorkerLostError,
)
from eventer.core.source import Place

PLACE = Place("orders.jsonnet", 2, 5, 2, 8, "{a: usr.name}")


def ended(raised=None, returned=None):
    @exit_with_code
    def command():
        if raised is not None:
            raise raised
        return returned

    with pytest.raises(typer.Exit) as exit_:
        command()
    return exit_.value.exit_code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (TemplateSyntaxError("no"), 78),
        (RequestError("no"), 78),
        (ConfigError("no"), 78),
        (DestinationUnavailableError("no"), 69),
        (ServiceUnreachableError("no"), 69),
        (DestinationRejectedError("no"), 1),
        (NotFoundError("no"), 1),
        (RegistryError("no"), 1),
        (WorkerLostError("no"), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_each_kind_of_failure_has_its_code(error, code, capsys):
    assert ended(raised=error) == code
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("returned", "code"), [(None, 0), (0, 0), (5, 5)])
def test_the_value_of_a_command_is_its_exit_code(returned, code):
    assert ended(returned=returned) == code


def test_a_template_error_points_at_its_place(capsys):
    ended(raised=TemplateSyntaxError("unknown variable", PLACE, hint="did you mean 'user'?"))
    assert capsys.readouterr().err.splitlines() == [
        "error: unknown variable",
        "  --> orders.jsonnet:2:5",
        "2 | {a: usr.name}",
        "  |     ^^^ did you mean 'user'?",
    ]
