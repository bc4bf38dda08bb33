local get_integer = std.native('get_integer');
local value = std.uniq([[get_integer(1, 9)], 'x'])[0];
{ a: std.flatMap(function(x) if x == 1 then value else std.range(1, get_integer(1, 2)), [1, 2]) }
