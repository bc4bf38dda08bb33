local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
{ a: get_one_of(if get_integer(0, 2) > 0 then [3, 4] else error 'some') }
