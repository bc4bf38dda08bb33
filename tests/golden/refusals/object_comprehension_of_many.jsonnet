local get_integer = std.native('get_integer');
{ a: { [k]: 1 for k in ['u', 'v', 'w', 'x', 'y', 'z'] if get_integer(1, 2) == 1 } }
