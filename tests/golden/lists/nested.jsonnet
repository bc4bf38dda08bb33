local get_integer = std.native('get_integer');
{ a: [[i, j] for i in std.range(1, get_integer(1, 3)) if i != 2 for j in std.range(1, i)] }
