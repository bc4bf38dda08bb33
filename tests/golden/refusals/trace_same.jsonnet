local get_integer = std.native('get_integer');
{ a: get_integer(1, 2), b: std.trace('seen', 1) }
