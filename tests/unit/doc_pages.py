"""Parses README and docs: links, code blocks, commands, and the files that they create."""

import base64
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^[ ]*```(\w*)\n(.*?)^[ ]*```$", re.DOTALL | re.MULTILINE)
_HEREDOC = re.compile(
    r"^[ ]*(?P<command>.*?)<<-?'?(?P<end>[A-Z]+)'?\n(?P<body>.*?)^(?P=end)$",
    re.DOTALL | re.MULTILINE,
)
_INLINE = re.compile(r"`(eventer(?: [^`]+)?)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_COMMENT = re.compile(r"(?:^|\s)#\s.*$", re.MULTILINE)
_SEPARATORS = set(";&|()<>\n")


@dataclass(frozen=True)
class Page:
    """One Markdown file."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    @cached_property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    @property
    def prose(self) -> str:
        return _BLOCK.sub("", self.text)

    def blocks(self, *languages: str) -> list[str]:
        return [body for language, body in _BLOCK.findall(self.text) if language in languages]

    def links(self) -> list[str]:
        """The targets of links to files of the checkout."""
        targets = _LINK.findall(self.prose)
        return [link for link in targets if not link.startswith(("http:", "https:", "mailto:"))]

    def anchors(self) -> set[str]:
        titles = re.findall(r"^#+ (.*)$", self.prose, re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}

    def files(self) -> dict[str, str]:
        """The files that the page's shell blocks create with `cat > name <<'END'`."""
        files = {}
        for block in self.blocks("shell"):
            for match in _HEREDOC.finditer(block):
                if name := re.search(r"> (\S+) $", match["command"]):
                    files[name[1]] = match["body"]
        return files

    def requests(self) -> list[str]:
        """The JSON requests: JSON blocks, bodies of curl commands, and heredocs."""
        requests = self.blocks("json")
        for block in self.blocks("shell"):
            requests += re.findall(r"-d '(\{.*?\})'", block, re.DOTALL)
            bodies = [match["body"] for match in _HEREDOC.finditer(block)]
            requests += [self._substitute(body) for body in bodies if body.startswith("{\n")]
        return requests

    def _substitute(self, body: str) -> str:
        """Replaces the shell substitutions in a request: files in base64, arguments by 1."""
        files = {name: base64.b64encode(text.encode()) for name, text in self.files().items()}
        body = re.sub(r"\$\(base64 (\S+)\)", lambda match: files[match[1]].decode(), body)
        return re.sub(r"\$\d", "1", body)

    def commands(self) -> Iterator[list[str]]:
        """The arguments of every `eventer` command in the shell blocks."""
        for block in self.blocks("shell"):
            text = _COMMENT.sub("", _HEREDOC.sub(r"\g<command>", block)).replace("\\\n", " ")
            yield from filter(None, map(_after_eventer, _simple_commands(text)))

    def mentions(self) -> Iterator[list[str]]:
        """The arguments of every `eventer …` in the prose."""
        for mention in _INLINE.findall(self.prose):
            yield shlex.split(mention)[1:]


def _simple_commands(text: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(text, posix=True, punctuation_chars="".join(_SEPARATORS))
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t\r", True, ""
    words: list[str] = []
    for word in lexer:
        if set(word) <= _SEPARATORS:
            yield words
            words = []
        else:
            words.append(word)
    yield words


def _after_eventer(words: list[str]) -> list[str] | None:
    """The arguments of a command if it is `eventer` under any path, else None."""
    if words and words[0].rpartition("/")[2] == "eventer":
        return words[1:] or None
    return None


def pages(*, reference: bool) -> list[Page]:
    """The pages at the root, in docs and in benchmarks, with or without the reference."""
    paths = [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "benchmarks").glob("*.md"),
    ]
    selected = [path for path in paths if reference or "reference" not in path.parts]
    return [Page(path) for path in sorted(selected)]
