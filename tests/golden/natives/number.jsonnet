local get_number = std.native('get_number');
{ a: get_number(0, 1) }
