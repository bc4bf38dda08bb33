local get_integer = std.native('get_integer');
{ a: if get_integer(1, 2) == 1 then 1 }
