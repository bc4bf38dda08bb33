local get_integer = std.native('get_integer');
{ a: get_integer(get_integer(1, 2), hi=3, hi=4) }
