local get_integer = std.native('get_integer');
{ ['k%d' % get_integer(1, 3)]: 1 }
