local get_integer = std.native('get_integer');
{ a: [{ line: i, parts: [get_integer(1, 9) for j in std.range(1, i)] } for i in std.range(1, get_integer(1, 3))] }
