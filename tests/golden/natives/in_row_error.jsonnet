local get_integer = std.native('get_integer');
{ a: get_integer(get_integer(1, 3), 2) }
