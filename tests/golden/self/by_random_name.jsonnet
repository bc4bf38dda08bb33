local get_one_of = std.native('get_one_of');
{ a: 1, b: 2, c: self[get_one_of('a, b')] }
