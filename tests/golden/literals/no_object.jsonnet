local get_integer = std.native('get_integer');
get_integer(1, 9)
