"""Every message of Python's parser has plain words."""

import json

import pytest

from eventer.core.json_errors import json_problem

CASES = {
    "": "a value is missing or not valid",
    "[1,": "a value is missing or not valid",
    "[1, \n ]": "a comma precedes a closing bracket",
    '{"a": 1,}': "a comma precedes a closing bracket",
    "{a: 1}": "a field name must be in double quotes",
    '{"a" 1}': "':' is missing after a field name",
    "[1 2]": "',' or a closing bracket is missing",
    '{"a": 1 "b": 2}': "',' or a closing bracket is missing",
    "1 2": "text follows the value",
    '"abc': "the string has no closing quote",
    '"a\nb"': "write control characters in a string as \\n or \\u0000",
    r'"\u12"': "\\u needs four hexadecimal digits",
    r'"\x"': "a string contains an unknown escape: write \\\\ for a backslash",
}


@pytest.mark.parametrize("strict", ["C", "Python"])
def test_each_mistake_has_plain_words(strict, monkeypatch):
    if strict == "Python":
        monkeypatch.setattr(json.scanner, "c_make_scanner", None)
        monkeypatch.setattr(json.decoder, "scanstring", json.decoder.py_scanstring)
    for text, problem in CASES.items():
        with pytest.raises(json.JSONDecodeError) as caught:
            json.loads(text)
        assert json_problem(caught.value) == problem, text
    assert json_problem(json.JSONDecodeError("new", "", 0)) == "the text is not JSON"
