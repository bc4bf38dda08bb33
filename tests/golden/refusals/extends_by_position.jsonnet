local get_integer = std.native('get_integer');
{ a: [{ n: i } for i in std.range(1, get_integer(1, 3))][0] { m: 1 } }
