local get_integer = std.native('get_integer');
{ a: std.trace('seen', get_integer(1, 9)) }
