local get_integer = std.native('get_integer');
{ a: std.makeArray(get_integer(0, 3), function(i) get_integer(i, 9)) }
