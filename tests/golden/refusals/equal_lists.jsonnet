local get_integer = std.native('get_integer');
{ a: [1 for _ in std.range(1, get_integer(1, 3))] == [1, 1] }
