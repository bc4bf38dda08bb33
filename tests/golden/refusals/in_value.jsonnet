local get_integer = std.native('get_integer');
local value = std.uniq([{ n: get_integer(1, 9) }, 'x'])[0];
{ a: 'n' in value }
