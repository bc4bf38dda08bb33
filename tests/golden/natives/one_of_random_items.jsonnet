local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
{ a: get_one_of([get_integer(1, 9), 'x']) }
