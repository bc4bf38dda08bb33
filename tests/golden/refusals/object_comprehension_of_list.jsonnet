local get_integer = std.native('get_integer');
{ a: { ['k' + i]: 1 for i in std.range(1, get_integer(1, 2)) } }
