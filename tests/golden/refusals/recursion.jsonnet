local get_integer = std.native('get_integer');
local f(n, x) = if n == 0 then x else 1 + f(n - 1, x);
{ a: f(2000, get_integer(1, 5)) }
