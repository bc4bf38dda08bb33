local get_integer = std.native('get_integer');
local base = { a: get_integer(1, 9), b: 1 };
base { a: super.a + 1, c: super['b'], d: 'a' in super, e: 'z' in super, f+: 1 }
