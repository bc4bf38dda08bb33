local get_integer = std.native('get_integer');
{ a: [get_integer(1, 9)] < [5] }
