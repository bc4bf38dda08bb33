local get_integer = std.native('get_integer');
local n = get_integer(1, 9);
{ a: [-n, +n, ~n, !(n == 1)], b: [n & 3, n | 8, n ^ 1, n << 2, n >> 1] }
