local get_integer = std.native('get_integer');
{ a: std.member([i for i in std.range(1, get_integer(1, 3))], 2) }
