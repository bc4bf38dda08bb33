local get_index = std.native('get_index');
local get_some_of = std.native('get_some_of');
{ a: get_some_of('a, b', get_index(), 1) }
