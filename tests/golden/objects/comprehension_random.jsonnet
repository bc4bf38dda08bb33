local get_one_of = std.native('get_one_of');
{ a: { [k]: 1 for k in std.set([get_one_of('x, y, z'), 'w']) } }
