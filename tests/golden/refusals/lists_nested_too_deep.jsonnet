local get_integer = std.native('get_integer');
local deep(n) = if n == 0 then 1 else [deep(n - 1) for _ in std.range(1, get_integer(1, 1))];
{ a: deep(40) }
