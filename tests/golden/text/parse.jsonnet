local get_integer = std.native('get_integer');
{ a: std.parseInt('%d' % get_integer(1, 99)) }
