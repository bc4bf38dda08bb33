local get_integer = std.native('get_integer');
{ a: '%5s' % [[get_integer(1, 3)]] }
