local get_integer = std.native('get_integer');
{ a: { local n = get_integer(1, 9), [k]: n for k in ['x', 'y', 'z'] if k != 'y' } }
