local get_integer = std.native('get_integer');
local sum(n) = if n == 0 then 0 else get_integer(1, 9) + sum(n - 1) tailstrict;
{ a: sum(3) }
