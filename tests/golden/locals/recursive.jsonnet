local get_integer = std.native('get_integer');
local a = { n: get_integer(1, 9), m: b.n }, b = { n: a.n + 1 }; a + b
