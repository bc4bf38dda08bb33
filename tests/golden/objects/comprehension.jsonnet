local get_integer = std.native('get_integer');
{ a: { [k]: get_integer(1, 9) for k in ['x', 'y'] } }
