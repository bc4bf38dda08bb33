local get_one_of = std.native('get_one_of');
{ a: 1 } + { b: get_one_of('a, b') in super }
