local get_integer = std.native('get_integer');
{ a: '%*d' % [get_integer(3, 5), 1] }
