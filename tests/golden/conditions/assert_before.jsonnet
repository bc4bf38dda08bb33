local get_integer = std.native('get_integer');
local n = get_integer(1, 9);
{ a: assert n != 3 : 'three'; n }
