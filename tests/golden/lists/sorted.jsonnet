local get_integer = std.native('get_integer');
{ a: std.sort([get_integer(1, 9) for i in std.range(1, 3)]), b: std.sort([get_integer(1, 9) for i in std.range(1, get_integer(1, 3))]) }
