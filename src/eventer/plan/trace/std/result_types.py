"""What functions of the standard library give, where nothing else is known of a call."""

from __future__ import annotations

from typing import Final

from eventer.plan.graph import Type

RESULT_TYPES: Final = {
    **dict.fromkeys(
        "sqrt sin cos tan asin acos atan exp log log2 log10 floor ceil round mantissa exponent "
        "deg2rad rad2deg abs sign atan2 hypot pow max min modulo clamp mod length codepoint "
        "parseInt parseOctal parseHex sum avg count".split(),
        Type.NUMBER,
    ),
    **dict.fromkeys(
        "substr lstripChars rstripChars stripChars trim asciiUpper asciiLower strReplace char "
        "escapeStringJson escapeStringPython escapeStringBash escapeStringDollars escapeStringXML "
        "base64 base64Decode md5 sha1 sha256 sha3 sha512 toString type resolvePath join lines "
        "deepJoin manifestJson manifestJsonMinified manifestJsonEx manifestIni manifestPython "
        "manifestPythonVars manifestTomlEx manifestToml manifestYamlDoc manifestYamlStream "
        "manifestXmlJsonml".split(),
        Type.TEXT,
    ),
    **dict.fromkeys(
        "startsWith endsWith isEmpty equalsIgnoreCase isEven isOdd isInteger isDecimal xor xnor "
        "isString isNumber isBoolean isObject isArray isFunction isNull member contains any all "
        "equals setMember objectHas objectHasAll".split(),
        Type.BOOLEAN,
    ),
}
"""Functions whose results are scalars of one type."""

ELEMENT_KINDS: Final[dict[str, str | None]] = {
    **dict.fromkeys("splitLimit splitLimitR stringChars objectFields".split(), "string"),
    **dict.fromkeys("find findSubstr encodeUTF8 base64DecodeBytes".split(), "number"),
    **dict.fromkeys("flattenDeepArray flattenArrays".split(), None),
}
"""Functions that give arrays, and the kind of their elements."""

SAME_ELEMENT_KIND: Final = frozenset(
    "sort uniq set setUnion setInter setDiff reverse slice remove removeAt repeat".split()
)
"""Functions that give arrays of elements that they are given."""
