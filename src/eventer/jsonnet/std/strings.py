"""Functions of strings."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from eventer.jsonnet.arithmetic import finite
from eventer.jsonnet.std.arguments import characters, expect, length, size
from eventer.jsonnet.std.declarations import Call, function, strict
from eventer.jsonnet.std.escapes import changed
from eventer.jsonnet.std.format import character
from eventer.jsonnet.values import Array, Operand, Value, array_of

_SPACE: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_SEARCHED: Final = 1_024
"""The length of the first searched part of a text."""

_DECIMAL = re.compile("([+-]?)0*([0-9]{1,19})")
_INT64: Final = 1 << 63
_DIGITS: Final = {8: re.compile("[0-7]+"), 16: re.compile("[0-9:-?A-Fa-f]+")}
"""The digits of a base; as in Jsonnet's own library, the characters after 9 are digits too."""
_MOST_DIGITS: Final = 400
"""More significant digits overflow in every base."""
_UPPER: Final = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}
_LOWER: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


@function("substr", strict("str"), strict("from"), strict("len"))
def substr(call: Call, text: Value, start: Value, count: Value) -> Value:
    """Up to `len` characters from position `from` on."""
    string = call.string(text, "str")
    first, many = call.whole(start, "from"), size(call, count, "len")
    if first < 0 or many < 0:
        raise call.error(f"from and len must not be negative, got {first} and {many}")
    return _kept(call, string, first, min(first + many, len(string)))


def _kept(call: Call, text: str, start: int, end: int) -> str:
    """A part of a text, copied."""
    if end - start < len(text):
        call.meter.charge_bytes(max(end - start, 0))
        call.meter.charge_copying(max(end - start, 0))
    return text[start:end]


@function("startsWith", strict("a"), strict("b"))
def starts_with(call: Call, text: Value, prefix: Value) -> Value:
    """Whether `a` begins with `b`."""
    if length(call, text) < length(call, prefix):
        return False
    string = call.string(text, "a")
    call.meter.charge_copying(length(call, prefix))
    return isinstance(prefix, str) and string.startswith(prefix)


@function("endsWith", strict("a"), strict("b"))
def ends_with(call: Call, text: Value, suffix: Value) -> Value:
    """Whether `a` ends with `b`."""
    if length(call, text) < length(call, suffix):
        return False
    string = call.string(text, "a")
    call.meter.charge_copying(length(call, suffix))
    return isinstance(suffix, str) and string.endswith(suffix)


@function("lstripChars", strict("str"), strict("chars"))
def strip_left(call: Call, text: Value, chars: Value) -> Value:
    """The string without leading characters of a set."""
    string = call.string(text, "str")
    return _kept(call, string, _first(call, string, chars), len(string))


@function("rstripChars", strict("str"), strict("chars"))
def strip_right(call: Call, text: Value, chars: Value) -> Value:
    """The string without trailing characters of a set."""
    string = call.string(text, "str")
    return _kept(call, string, 0, _end(call, string, chars, 0))


@function("stripChars", strict("str"), strict("chars"))
def strip_both(call: Call, text: Value, chars: Value) -> Value:
    """The string without leading and trailing characters of a set."""
    string = call.string(text, "str")
    start = _first(call, string, chars)
    return _kept(call, string, start, _end(call, string, chars, start))


def _first(call: Call, text: str, chars: Value) -> int:
    """The index of the first character outside a set."""
    start, among = 0, _among(call, chars)
    while start < len(text) and among(text[start]):
        start += 1
    return start


def _end(call: Call, text: str, chars: Value, start: int) -> int:
    """The end of the last character outside a set, from `start` on."""
    end, among = len(text), _among(call, chars)
    while end > start and among(text[end - 1]):
        end -= 1
    return end


def _among(call: Call, chars: Value) -> Callable[[str], bool]:
    """A test whether a character is in a string or an array; each test costs a step."""
    if isinstance(chars, str):
        letters = {letter for piece in call.meter.charged_pieces(chars) for letter in piece}

        def in_text(letter: str) -> bool:
            call.meter.charge_steps(1)
            return letter in letters

        return in_text

    def in_array(letter: str) -> bool:
        for item in call.array(chars, "chars").items:
            call.meter.charge_steps(1)
            if call.equals(call.force(item), letter):
                return True
        return False

    return in_array


@function("trim", strict("str"))
def trim(call: Call, text: Value) -> Value:
    """The string without leading and trailing white space."""
    string = call.string(text, "str")
    call.meter.charge_reading(len(string))
    kept = string.strip(_SPACE)
    call.meter.charge_bytes(len(kept) if len(kept) < len(string) else 0)
    return kept


@function("stringChars", strict("str"))
def string_chars(call: Call, text: Value) -> Value:
    """The characters, each as a string."""
    return array_of(characters(call, text))


@function("asciiUpper", strict("str"))
def ascii_upper(call: Call, text: Value) -> Value:
    """The string with the letters a to z in upper case."""
    return changed(call, _joined(call, text), lambda letters: letters.translate(_UPPER))


@function("asciiLower", strict("str"))
def ascii_lower(call: Call, text: Value) -> Value:
    """The string with the letters A to Z in lower case."""
    return changed(call, _joined(call, text), lambda letters: letters.translate(_LOWER))


def _joined(call: Call, text: Value) -> str:
    """A string, or an array of characters as one."""
    if isinstance(text, str):
        call.meter.charge_bytes(len(text))
        return text
    letters = [call.string(call.force(item), "str") for item in characters(call, text)]
    if any(len(letter) != 1 for letter in letters):
        raise call.error("needs a string or an array of characters")
    return "".join(letters)


@function("split", strict("str"), strict("c"))
def split(call: Call, text: Value, separator: Value) -> Value:
    """The parts between a separator."""
    string, parts = _separated(call, text, separator)
    return _split(call, string, parts, -1)


@function("splitLimit", strict("str"), strict("c"), strict("maxsplits"))
def split_limit(call: Call, text: Value, separator: Value, most: Value) -> Value:
    """The parts between a separator, with at most `maxsplits` splits from the left."""
    string, parts = _separated(call, text, separator)
    return _split(call, string, parts, _limit(call, most))


@function("splitLimitR", strict("str"), strict("c"), strict("maxsplits"))
def split_limit_right(call: Call, text: Value, separator: Value, most: Value) -> Value:
    """The parts between a separator, with at most `maxsplits` splits from the right."""
    string, parts = _separated(call, text, separator)
    times = _splits(call, string, parts, _limit(call, most))
    return array_of(string.rsplit(parts, times))


def _split(call: Call, text: str, separator: str, limit: int) -> Array:
    return array_of(text.split(separator, _splits(call, text, separator, limit)))


def _splits(call: Call, text: str, separator: str, limit: int) -> int:
    """The number of splits of a text; charges the resulting array."""
    found = text.count(separator)
    times = found if limit < 0 else min(limit, found)
    call.meter.charge_elements(times + 1)
    return times


def _separated(call: Call, text: Value, separator: Value) -> tuple[str, str]:
    string, parts = call.string(text, "str"), call.string(separator, "c")
    if not parts:
        raise call.error("c must have one character or more")
    call.meter.charge_bytes(len(string))
    call.meter.charge_reading(len(string))
    return string, parts


def _limit(call: Call, value: Value) -> int:
    limit = size(call, value, "maxsplits")
    if limit < -1:
        raise call.error(f"maxsplits must be -1 (no limit) or more, got {limit}")
    return limit


@function("strReplace", strict("str"), strict("from"), strict("to"))
def str_replace(call: Call, text: Value, old: Value, new: Value) -> Value:
    """The string with each occurrence of one string replaced by another."""
    string = call.string(text, "str")
    target, replacement = call.string(old, "from"), call.string(new, "to")
    if not target:
        raise call.error("from must not be empty")
    call.meter.charge_reading(len(string) + len(target))
    growth = string.count(target) * (len(replacement) - len(target))
    call.meter.charge_bytes(len(string) + max(growth, 0))
    call.meter.charge_copying(len(string) + max(growth, 0))
    return string.replace(target, replacement)


@function("findSubstr", strict("pat"), strict("str"))
def find_substr(call: Call, pattern: Value, text: Value) -> Value:
    """The positions of all occurrences of a pattern, overlapping ones too."""
    needle, string = call.string(pattern, "pat"), call.string(text, "str")
    places: list[Operand] = []
    at = _found(call, needle, string, 0) if needle else -1
    while at >= 0:
        call.meter.charge_elements(1)
        places.append(float(at))
        at = _found(call, needle, string, at + 1)
    return Array(places)


def _found(call: Call, needle: str, text: str, start: int) -> int:
    """The next occurrence of a pattern, or -1; each searched part is twice as long as the last."""
    width = _SEARCHED
    while start + len(needle) <= len(text):
        call.meter.charge_reading(len(needle))
        at = text.find(needle, start, start + len(needle) + width)
        call.meter.charge_reading(width if at < 0 else at - start)
        if at >= 0:
            return at
        start += width + 1
        width *= 2
    return -1


@function("isEmpty", strict("str"))
def is_empty(call: Call, text: Value) -> Value:
    """Whether a string is empty."""
    return not call.string(text, "str")


@function("equalsIgnoreCase", strict("str1"), strict("str2"))
def equals_ignoring_case(call: Call, left: Value, right: Value) -> Value:
    """Whether two strings are equal apart from case."""
    first, second = call.string(left, "str1"), call.string(right, "str2")
    if len(first) != len(second):
        return False
    pairs = zip(call.meter.charged_pieces(first), call.meter.charged_pieces(second), strict=True)
    return all(all(map(_same_letter, one, other)) for one, other in pairs)


def _same_letter(left: str, right: str) -> bool:
    return left == right or _folded(left) == _folded(right)


def _folded(letter: str) -> str:
    """Unicode's simple case folding: one character for one."""
    return next((c for c in (letter.casefold(), letter.lower()) if len(c) == 1), letter)


@function("char", strict("n"))
def char(call: Call, code: Value) -> Value:
    """The character of a code point."""
    return character(call, call.number(code, "n"))


@function("codepoint", strict("str"))
def codepoint(call: Call, text: Value) -> Value:
    """The code point of a string of one character."""
    string = call.string(text, "str")
    if len(string) != 1:
        raise call.error(f"needs a string of one character, got {len(string)}")
    return float(ord(string))


@function("parseInt", strict("str"))
def parse_int(call: Call, text: Value) -> Value:
    """A whole decimal number of 64 bits."""
    string = call.string(text, "str")
    call.meter.charge_reading(len(string))
    match = _DECIMAL.fullmatch(string)
    if match is not None:
        number = int("".join(match.groups()))
        if -_INT64 <= number < _INT64:
            return float(number)
    raise call.error(f"{_shown(string)} is not a base 10 integer")


@function("parseOctal", strict("str"))
def parse_octal(call: Call, text: Value) -> Value:
    """A whole number in base 8."""
    return _parse_natural(call, text, 8)


@function("parseHex", strict("str"))
def parse_hex(call: Call, text: Value) -> Value:
    """A whole number in base 16, without a prefix."""
    return _parse_natural(call, text, 16)


def _parse_natural(call: Call, text: Value, base: int) -> float:
    string = call.string(text, "str")
    if not string:
        raise call.error(f"an empty string is not a base {base} integer")
    call.meter.charge_reading(len(string))
    if not _DIGITS[base].fullmatch(string):
        raise call.error(f"{_shown(string)} is not a base {base} integer")
    number = 0.0
    for letter in string.lstrip("0")[:_MOST_DIGITS]:
        number = base * number + _digit(ord(letter))
    return finite(number)


def _digit(code: int) -> int:
    if code >= ord("a"):
        return code - ord("a") + 10
    return code - ord("A") + 10 if code >= ord("A") else code - ord("0")


def _shown(text: str, most: int = 40) -> str:
    return repr(text if len(text) <= most else text[:most] + "…")


@function("resolvePath", strict("f"), strict("r"))
def resolve_path(call: Call, file: Value, relative: Value) -> Value:
    """A path relative to the folder of a file."""
    path, name = call.string(file, "f"), relative
    expect(call, name, "r", "string", "null")
    folder, slash, _ = path.rpartition("/")
    tail = name if isinstance(name, str) else None
    call.meter.charge_bytes(len(path) + len(tail or ""))
    call.meter.charge_reading(len(path))
    if tail is None:
        return folder
    return folder + slash + tail
