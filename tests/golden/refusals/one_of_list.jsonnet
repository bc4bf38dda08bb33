local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
{ a: get_one_of([i for i in std.range(1, get_integer(1, 3))]) }
