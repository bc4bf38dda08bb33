local get_integer = std.native('get_integer');
{ a: 1 / get_integer(0, 2) }
