local get_one_of = std.native('get_one_of');
local a = get_one_of('x, y'), b = get_one_of([1, 2, 3]);
{ a: a + b, b: if a == 'x' then b * 2 else b, c: [a == 'x' && b > 1, std.type(a)] }
