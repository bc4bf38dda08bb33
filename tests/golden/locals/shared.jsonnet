local get_integer = std.native('get_integer');
local n = get_integer(1, 9); { a: n, b: n, c: [n, n] }
