local get_integer = std.native('get_integer');
local value = std.uniq([get_integer(1, 9), 'x'])[0];
{ a: std.max(value, 1) }
