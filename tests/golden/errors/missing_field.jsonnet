local get_one_of = std.native('get_one_of');
{ a: { b: 1 }[get_one_of('b, c')] }
