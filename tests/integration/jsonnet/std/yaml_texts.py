"""YAML texts, good and bad, for `std.parseYaml`."""

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
