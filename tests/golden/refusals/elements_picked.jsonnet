local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
{ a: [j for i in std.range(1, get_integer(1, 3)) for j in get_one_of([[1], [2, 3]])] }
