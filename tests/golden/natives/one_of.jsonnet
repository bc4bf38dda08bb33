local get_one_of = std.native('get_one_of');
{ a: get_one_of('a, b'), b: get_one_of('x y'), c: get_one_of([1, null, { k: [2] }]) }
