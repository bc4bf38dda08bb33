local get_integer = std.native('get_integer');
{ ['a b']: get_integer(1, 9), c: $['a b'], d: self['a b'], e: { f: $['a b'] } }
