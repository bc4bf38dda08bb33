local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
{ [get_one_of('a, b, c')]: get_integer(1, 9) }
