local get_integer = std.native('get_integer');
{ a: std.pow(10, get_integer(300, 310)) }
