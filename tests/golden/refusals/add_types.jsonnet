local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
{ a: get_one_of([1, [2]]) + get_integer(1, 9) }
