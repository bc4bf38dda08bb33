local get_integer = std.native('get_integer');
local m = [{ assert get_integer(0, 1) == 1 } for i in std.range(1, get_integer(1, 2))];
{ o: m[0] }
