local get_integer = std.native('get_integer');
local value = std.uniq([get_integer(1, 9) == 1, 'x'])[0];
{ a: get_integer(1, 2) == 1 && value }
