local get_integer = std.native('get_integer');
local f(n) = if n <= 0 then 0 else n + f(n - 1);
{ a: f(get_integer(1, 5)) }
