local get_one_of = std.native('get_one_of');
{ a: { [k]: 1 for k in ['x', get_one_of('y, z')] } }
