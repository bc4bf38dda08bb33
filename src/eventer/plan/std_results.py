"""What functions of the standard library return: one table for static inference and for traces.

Functions whose result depends on what they are given have rules: `shape/std_rules.py` for their
types, `trace/std/` for their columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final


class StdResult(Enum):
    """The type of a result; SAME_ARRAY has the elements of the arguments."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    NUMBER = "number"
    TEXT = "text"
    TEXTS = "array of text"
    INTEGERS = "array of integers"
    ARRAY = "array"
    SAME_ARRAY = "array of the same elements"


_FUNCTIONS: Final = {
    StdResult.BOOLEAN: """
        all any assertEqual contains endsWith equals equalsIgnoreCase isArray isBoolean isDecimal
        isEmpty isEven isFunction isInteger isNull isNumber isObject isOdd isString member
        objectHas objectHasAll objectHasEx primitiveEquals setMember startsWith xnor xor
    """,
    StdResult.INTEGER: """
        ceil codepoint count exponent floor length parseHex parseInt parseOctal round sign
    """,
    StdResult.NUMBER: """
        abs acos asin atan atan2 avg clamp cos deg2rad exp hypot log log10 log2 mantissa max min
        mod modulo pow rad2deg sin sqrt sum tan
    """,
    StdResult.TEXT: """
        asciiLower asciiUpper base64 base64Decode char decodeUTF8 deepJoin escapeStringBash
        escapeStringDollars escapeStringJson escapeStringPython escapeStringXML format join lines
        lstripChars manifestIni manifestJson manifestJsonEx manifestJsonMinified manifestPython
        manifestPythonVars manifestToml manifestTomlEx manifestXmlJsonml manifestYamlDoc
        manifestYamlStream md5 resolvePath rstripChars sha1 sha256 sha3 sha512 strReplace
        stripChars substr toString trim type
    """,
    StdResult.TEXTS: "objectFields objectFieldsAll split splitLimit splitLimitR stringChars",
    StdResult.INTEGERS: "base64DecodeBytes encodeUTF8 find findSubstr range",
    StdResult.ARRAY: "flattenArrays flattenDeepArray",
    StdResult.SAME_ARRAY: """
        filter remove removeAt repeat reverse set setDiff setInter setUnion slice sort uniq
    """,
}

STD_RESULTS: Final[Mapping[str, StdResult]] = {
    name: result for result, names in _FUNCTIONS.items() for name in names.split()
}
