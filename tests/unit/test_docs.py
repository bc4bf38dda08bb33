"""Checks README and docs: links, commands, settings, templates and requests."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args

import numpy as np
import pytest
import typer.main
from pydantic import BaseModel

from eventer.api.request_file import read_request
from eventer.api.wire.generator_requests import AddBody, EventBody
from eventer.api.wire.template_requests import PreviewBody, TemplateBody, ValidateBody
from eventer.cli.main import app
from eventer.core.model import FixedPopulation, ReferencedStream, Stream, Template
from eventer.core.timelines import TimelineSpec, parse_horizon
from eventer.embedded.postgres import DEFAULT_PORT
from eventer.embedded.postgres_cluster import ADDRESS, DATABASE, ROLE
from eventer.jsonnet.importer import StoredImporter
from eventer.plan.engine import EventContext
from eventer.plan.prepare import prepare
from eventer.settings.loader import secret_keys
from eventer.settings.model import CONNECTION_TYPES, Settings
from eventer.settings.sources import environment_layer, toml_layer
from eventer.workers.evaluated_steps import evaluate_steps
from tests.families import family
from tests.unit.doc_pages import ROOT, Page, pages

ALL = pages(reference=True)
OWN = pages(reference=False)
VARIABLE = re.compile(r"\bEVENTER_[A-Z][A-Z0-9_]*[A-Z0-9]\b")
NOT_SETTINGS = {("config",), ("pg_bin",), ("cache_dir",)}
LOCAL_DSN = re.compile(r"postgresql://[^\s`]*@(?:127\.0\.0\.1|localhost)[^\s`]*")
AT = 1_767_225_600_000_000_000
cli: Any = typer.main.get_command(app)


def for_each_page(found: list[Page], having: Callable[[Page], object]) -> Any:
    """Runs a test with the pages for which `having` returns something."""
    pages = list(filter(having, found))
    assert pages
    return family("page", pages)


def templates_of(page: Page) -> list[str]:
    files = [text for name, text in page.files().items() if name.endswith(".jsonnet")]
    return [*page.blocks("jsonnet"), *files]


def variables_of(page: Page) -> list[str]:
    return VARIABLE.findall(page.text)


# --- links ------------------------------------------------------------------------------------


@for_each_page(ALL, Page.links)
def test_links_lead_to_files_and_headings(page: Page) -> None:
    for link in page.links():
        name, _, anchor = link.partition("#")
        target = (page.path.parent / name).resolve() if name else page.path
        assert target.exists(), f"{link} does not exist"
        assert target.is_relative_to(ROOT), f"{link} is outside of the checkout"
        if anchor:
            assert anchor in Page(target).anchors(), f"{name} has no heading #{anchor}"


def test_the_index_has_every_page() -> None:
    indexed = {
        (ROOT / "docs" / link).resolve() for link in Page(ROOT / "docs" / "README.md").links()
    }
    existing = set((ROOT / "docs").rglob("*.md")) - {ROOT / "docs" / "README.md"}
    assert existing <= indexed


# --- commands ---------------------------------------------------------------------------------


def check_command(words: list[str], *, complete: bool) -> None:
    """Asserts that a command is valid; if `complete`, it must have its required arguments."""
    command, rest = cli, list(words)
    while hasattr(command, "commands"):
        rest = _pass_options(command, rest)
        if not rest:
            assert not complete or words[0].startswith("-"), f"{words} has no command"
            return
        assert rest[0] in command.commands, f"unknown command {rest[0]!r} in {words}"
        command, rest = command.commands[rest[0]], rest[1:]
    positional = _positional(command, rest)
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    required = sum(1 for p in arguments if p.required)
    many = any(p.nargs == -1 for p in arguments)
    assert not complete or len(positional) >= required, f"{words} lacks an argument"
    assert many or len(positional) <= len(arguments), f"{words} has too many arguments"


def _options(command: Any) -> Mapping[str, Any]:
    named = ((name, p) for p in command.params for name in (*p.opts, *p.secondary_opts))
    found = {name: p for name, p in named if name.startswith("-")}
    return {**dict.fromkeys(("--help", "-h")), **found}


def _pass_options(command: Any, words: list[str]) -> list[str]:
    while words and words[0].startswith("-"):
        words = _after_option(command, words)
    return words


def _after_option(command: Any, words: list[str]) -> list[str]:
    name, equals, _ = words[0].partition("=")
    options = _options(command)
    assert name in options, f"{command.name} has no option {name}"
    option = options[name]
    takes_value = option is not None and not option.is_flag and not equals
    assert not takes_value or len(words) > 1, f"{name} of {command.name} takes a value"
    return words[2:] if takes_value else words[1:]


def _positional(command: Any, words: list[str]) -> list[str]:
    found = []
    while words:
        if words[0].startswith("-") and words[0] != "-":
            words = _after_option(command, words)
        else:
            found.append(words[0])
            words = words[1:]
    return found


@for_each_page(ALL, lambda page: [*page.commands(), *page.mentions()])
def test_commands_exist_with_their_options(page: Page) -> None:
    for words in page.commands():
        check_command(words, complete=True)
    for words in page.mentions():
        check_command(words, complete=False)


def test_commands_are_found_and_invalid_ones_detected() -> None:
    assert sum(len(list(page.commands())) for page in OWN) > 30
    for invalid in (["prevue", "x"], ["preview"], ["preview", "x", "--sede", "7"], ["list", "x"]):
        with pytest.raises(AssertionError):
            check_command(invalid, complete=True)


# --- settings ---------------------------------------------------------------------------------


def is_setting(key: tuple[str, ...]) -> bool:
    """Whether a setting, or a table of settings, has this name."""
    if key in NOT_SETTINGS:
        return True
    secrets = set(secret_keys(Settings))
    if key[-1].endswith("_file"):
        key = (*key[:-1], key[-1].removesuffix("_file"))
        secret_key = ("connections", "*", *key[2:]) if key[0] == "connections" else key
        if secret_key not in secrets:
            return False
    if key[0] == "connections" and len(key) > 2:
        return any(_has(kind, key[2:]) for kind in CONNECTION_TYPES.values())
    return _has(Settings, key)


def _has(model: type[BaseModel], key: tuple[str, ...]) -> bool:
    if key[0] not in model.model_fields:
        return False
    annotation = model.model_fields[key[0]].annotation
    inner = next((a for a in (annotation, *get_args(annotation)) if _is_model(a)), None)
    return len(key) == 1 or (inner is not None and _has(inner, key[1:]))


def _is_model(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


@for_each_page(ALL, variables_of)
def test_variables_are_settings(page: Page) -> None:
    names = variables_of(page)
    for key, leaf in environment_layer(dict.fromkeys(names, "1")).items():
        assert is_setting(key), f"unknown setting {leaf.origin}"


@for_each_page(OWN, lambda page: page.blocks("toml"))
def test_configuration_files_have_settings_only(page: Page, tmp_path: Any) -> None:
    for block in page.blocks("toml"):
        file = tmp_path / "eventer.toml"
        file.write_text(block)
        for key in toml_layer(file):
            assert is_setting(key), f"unknown setting {'.'.join(key)}"


def test_settings_are_found_and_invalid_ones_detected() -> None:
    assert sum(len(variables_of(page)) for page in OWN) > 15
    assert is_setting(("connections", "other", "bootstrap_servers"))
    assert is_setting(("kafka", "sasl_password_file"))
    for invalid in (("tokn",), ("kafka", "dsn"), ("host_file",), ("connections", "x", "nothing")):
        assert not is_setting(invalid)


# --- templates and requests -------------------------------------------------------------------


def references_to(templates: Mapping[str, str]) -> tuple[ReferencedStream, ...]:
    return tuple(
        ReferencedStream(
            name,
            Template(text, name, own_name=name),
            Stream(7),
            EventContext(),
            FixedPopulation(1000),
        )
        for name, text in templates.items()
    )


def generate_event(template: Template, library: Mapping[str, bytes]) -> None:
    prepared = prepare(template, StoredImporter(library))
    engine = prepared.engine(Stream(7), EventContext())
    batch = engine.generate(0, np.array([AT], dtype=np.int64))
    assert batch.rows == 1
    json.loads(batch.text[0].as_py())


def library_of(page: Page) -> dict[str, bytes]:
    return {name.rpartition("/")[2]: text.encode() for name, text in page.files().items()}


@for_each_page(OWN, templates_of)
def test_templates_generate_events(page: Page) -> None:
    files = page.files().items()
    others = {name.removesuffix(".jsonnet"): text for name, text in files if ".jsonnet" in name}
    names = {text: name for name, text in others.items()}
    for text in templates_of(page):
        own_name = names.get(text, "")
        template = Template(text, references=references_to(others), own_name=own_name)
        generate_event(template, library_of(page))


def timelines_of(page: Page) -> Iterator[tuple[str, str]]:
    """The text and the horizon of each template that a command of a page takes as timelines."""
    files = page.files()
    for words in page.commands():
        texts = [files[word] for word in words if word in files and word.endswith(".jsonnet")]
        if texts and "--timeline" in words:
            yield texts[0], words[words.index("--timeline") + 1]


@for_each_page(OWN, lambda page: [*timelines_of(page)])
def test_templates_of_timelines_give_steps(page: Page) -> None:
    others = {name.removesuffix(".jsonnet"): text for name, text in page.files().items()}
    for text, horizon in dict.fromkeys(timelines_of(page)):
        spec = TimelineSpec(parse_horizon(horizon))
        prepared = prepare(Template(text, references=references_to(others)))
        made = prepared.timelines(Stream(7), EventContext(), spec.horizon, engine="plan")
        parts = list(evaluate_steps(made, spec, AT, 0, 20))
        assert {index for part in parts for index in part.steps.index.tolist()} == {*range(20)}
        assert not any(part.errors for part in parts)


def test_the_expressions_that_translate_other_tools_generate_values() -> None:
    page = Page(ROOT / "docs" / "how-to" / "other-tools.md")
    found = re.findall(r"`((?:'[^'`]*' % )?e\.\w+\([^`]*\))`", page.prose)
    assert len(set(found)) > 12
    rows = {"hosts.csv": b"name\na\n", "hosts.json": b'[{"name": "a"}]', **library_of(page)}
    for expression in found:
        generate_event(Template(f"local e = import 'eventer.libsonnet'; {expression}"), rows)


@for_each_page(OWN, Page.requests)
def test_requests_are_valid(page: Page) -> None:
    for text in page.requests():
        request = json.loads(text.replace("\n", " "))
        if "destinations" in request:
            body = AddBody.model_validate(request)
            body.request()
            templates: list[TemplateBody] = list(body.events)
        elif "destination" in request:
            templates = [ValidateBody.model_validate(request)]
        else:
            templates = [PreviewBody.model_validate(request)]
        others = {body.id: body.text for body in templates if isinstance(body, EventBody)}
        for template_body in templates:
            references = references_to(others)
            template = Template(template_body.text, vars=template_body.vars, references=references)
            generate_event(template, {})


@for_each_page(OWN, lambda page: page.blocks("yaml"))
def test_requests_in_yaml_are_valid(page: Page, tmp_path: Any) -> None:
    for name, text in page.files().items():
        (tmp_path / name).write_text(text)
    for text in page.blocks("yaml"):
        request = read_request(text.encode(), page.name, tmp_path, {"STAGE": "test"})
        AddBody.model_validate(request).request()


def test_templates_and_requests_are_found() -> None:
    assert sum(len(page.blocks("jsonnet")) for page in OWN) >= 2
    assert sum(len(page.requests()) for page in OWN) >= 5


@for_each_page(ALL, lambda page: LOCAL_DSN.findall(page.text))
def test_the_shown_addresses_of_a_local_database_are_those_of_eventer_dev(page):
    accepted = f"postgresql://{ROLE}@{ADDRESS}:{DEFAULT_PORT}/{DATABASE}"
    assert set(LOCAL_DSN.findall(page.text)) == {accepted}
