local get_integer = std.native('get_integer');
local value = std.uniq([get_integer(1, 9), 'x'])[0];
{ a: [i for i in std.range(1, get_integer(1, 3))][value] }
