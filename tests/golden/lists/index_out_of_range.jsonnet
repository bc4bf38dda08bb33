local get_integer = std.native('get_integer');
local a = [1, 2]; { a: a[get_integer(0, 2)] }
