local get_integer = std.native('get_integer');
{ o: { a: get_integer(1, 9), b: { c: 1 } } } + { o+: { b+: { d: get_integer(1, 9) } } }
