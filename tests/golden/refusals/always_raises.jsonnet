local get_integer = std.native('get_integer');
{ a: get_integer(1, 2), b: error 'always' }
