"""Strict equality of JSON values."""

import math
import struct


def same(left, right, ulps=0):
    """Whether two JSON values are equal, including their types; key order does not matter.

    Numbers are doubles and may differ by `ulps` representable steps. If `ulps` is 0, negative zero
    is not equal to zero.
    """
    if isinstance(left, bool) or isinstance(right, bool) or left is None or right is None:
        return left is right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return _near(float(left), float(right), ulps)
    if isinstance(left, str) or isinstance(right, str):
        return type(left) is type(right) and left == right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[k], right[k], ulps) for k in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(
            same(a, b, ulps) for a, b in zip(left, right, strict=True)
        )
    return False


def _near(left, right, ulps):
    if ulps == 0:
        return left == right and math.copysign(1, left) == math.copysign(1, right)
    return abs(_rank(left) - _rank(right)) <= ulps


def _rank(number):
    """The index of a double in the order of all doubles; both zeros have index 0."""
    (bits,) = struct.unpack("<q", struct.pack("<d", number))
    return bits if bits >= 0 else -(bits + (1 << 63))
