"""Evaluates programs with Eventer; results have the same form as those of go-jsonnet."""

import json

from eventer.core.errors import TemplateError
from eventer.core.model import Template
from eventer.functions.row_reader import HashedDrawKeys, RowReader
from eventer.jsonnet.budget import Budget
from eventer.jsonnet.environment import Environment
from eventer.jsonnet.evaluate.interpreter import Interpreter
from eventer.jsonnet.load import load
from tests.go_jsonnet import Error

ROOT_KEY = 1


def evaluate(text, variables=None, library=None, budget=None):
    """Returns the program's JSON value (all numbers are floats), or an `Error`."""
    imports = tuple((path, data.encode()) for path, data in (library or {}).items())
    template = Template(text, "program", json.dumps(variables or {}), imports)
    try:
        program = load(template)
        environment = Environment(RowReader(), HashedDrawKeys(), program.vars)
        event = Interpreter(program, environment, budget or Budget(seconds=None)).event(ROOT_KEY)
    except TemplateError as error:
        return Error(error.message)
    return json.loads(event.text, parse_int=float)
