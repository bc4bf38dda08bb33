local get_integer = std.native('get_integer');
{ a: get_integer(1, 9), b: get_integer(-5, 5) }
