"""What `eventer init` writes and prints."""

import json

import pytest
from typer.testing import CliRunner

from eventer.cli.init import _write_files
from eventer.cli.main import app
from eventer.core.errors import RequestError


def test_no_file_is_left_if_one_cannot_be_written(tmp_path):
    (tmp_path / "taken").write_text("")
    files = {tmp_path / "a.jsonnet": "1", tmp_path / "taken" / "b.jsonnet": "2"}
    with pytest.raises(RequestError, match=r"cannot write .*taken"):
        _write_files(files)
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_the_next_command_is_quoted(tmp_path):
    sample, output = tmp_path / "my data.ndjson", tmp_path / "my events.jsonnet"
    sample.write_text(json.dumps({"id": 1}) + "\n")
    result = CliRunner().invoke(app, ["init", "--sample", str(sample), "-o", str(output)])
    assert result.exit_code == 0, result.output
    assert f"next: eventer preview '{output}'" in result.stderr
