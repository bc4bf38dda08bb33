"""YAML texts, valid and invalid, for `std.parseYaml`: a corpus, and random ones by their form."""

from pathlib import Path

_FILE = Path(__file__).parent / "corpus" / "yaml_texts.txt"

TEXTS = _FILE.read_text(encoding="utf-8").removesuffix("\n").split("\n=====\n")

SPECIAL = [
    "",
    "\n",
    " ",
    "\n\n",
    "a: b\r\nc: d\r\n",
    "a: b\rc: d",
    "a: |\r\n  x\r\n  y\r\n",
    "---\r\na\r\n---\r\nb",
    "\ufeffa: b",
    "a: \ufeffb",
    "a: x\x07y",
    "a: \x00",
    "a: \x7f",
    "a: \x85b",
    "a: x\u2028 y",
    "a: 'x\u2029 y'",
    "|\n x\u2028 y\n",
    "a: \ue000\U0010ffff",
    "---\n---\n---\n",
    "a\n---",
    "a\n--- ",
    "a\n---\t",
    "a\n----",
    "---a\n",
    "...",
    "a\n...",
    "a\n...\n...\n",
    "a\n...\ngarbage: [",
    "[a]\n]",
    "x" * 2000 + ": y",
    "? " + "x" * 2000 + "\n: y",
    "[" + "x" * 1025 + ": y]",
    "'" + "x" * 1020 + "': y",
    "'" + "x" * 1025 + "': y",
    "[" * 50 + "]" * 50,
    "{a: " * 40 + "1" + "}" * 40,
    "\n".join(
        f"{name}: &{name} [{','.join([below] * 9)}]"
        for name, below in zip("abcde", ["x", "*a", "*b", "*c", "*d"], strict=True)
    ),
]

_FLOW = [
    *"[]{},:?#&-\n ", ", ", ": ", "? ", "- ", "a", "b c", "1", "'q'", '"q"', "&x ", "*x ", "!t ",
    "!!str ", "a:b", "<<", '"k":', "é", " # c\n",
]  # fmt: skip
_QUOTED = [
    *"a #\té'\n", "\\n", "\\t", "\\ ", "\\\n", "\\\t", "\\x41", "\\u0041", "\\uD83D", "\\U0001F600",
    "\\/", "\\'", "\\q", "\\\\", '\\"', "  \n  ", "\n\n", "\\0", "\\N", ": ",
]  # fmt: skip
_BLOCK_LINES = [
    "x", "y z", "", "\t", "- a", "# c", "k: v", "\tx", "é", "x\u2028", "y\r", "---", "b: c",
]  # fmt: skip
_LINES = [
    "a: b", "- x", "- - y", "? k", ": v", "  c: d", "    e:", "---", "...", "# c", "\tx", "a:\tb",
    "'q", "q'", '"q', 'q"', "|", ">-", "|2", "  text", "[a, b", "c]", "{x: y", "z}", "&a b", "*a",
    "<<: *a", "m: &a {k: 1}", "!t x", "!!int 5", "%YAML 1.1", "%TAG ! x", "", " ", "key: |",
    "k: 'v", "- [", "]", "? [a]", "x: - y", "a b: c d", " : x", "-", "?", ":", "a:", "- a:",
    "  - b", "{a: 1}", "[]: x",
]  # fmt: skip


def _joined(source, pieces, most):
    return "".join(source.choices(pieces, k=source.randint(1, most)))


def random_flow(source):
    """Brackets with anything inside."""
    start = source.choice(["[", "{", "a: [", "- {"])
    return start + _joined(source, _FLOW, 12) + source.choice(["]", "}", ""])


def random_quoted(source):
    """A double-quoted scalar of escapes, line breaks and blanks."""
    return f'"{_joined(source, _QUOTED, 8)}"' + source.choice(["", " # c", ": x", "\n"])


def random_block(source):
    """A literal or folded scalar, with all headers and with lines at all columns."""
    header = source.choice(["", "a: ", "- "]) + source.choice("|>")
    header += _joined(source, ["", "+", "-", "1", "2", "0", " #c", "#c"], 2)
    lines = [" " * source.randint(0, 4) + source.choice(_BLOCK_LINES) for _ in range(6)]
    return "\n".join([header, *lines])


def random_lines(source):
    """Lines that are valid alone, in random order."""
    lines = source.choices(_LINES, k=source.randint(1, 8))
    return "\n".join(" " * source.choice([0, 0, 0, 2, 4]) + line for line in lines)
