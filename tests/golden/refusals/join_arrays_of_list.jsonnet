local get_integer = std.native('get_integer');
{ a: std.join([0], [[i] for i in std.range(1, get_integer(1, 3))]) }
