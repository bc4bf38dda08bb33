local get_integer = std.native('get_integer');
{ a: get_integer(if get_integer(0, 2) > 0 then [{ x: 1 }] else 3, 5) }
