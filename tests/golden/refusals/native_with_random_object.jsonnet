local get_integer = std.native('get_integer');
{ a: if get_integer(0, 9) > 8 then get_integer({ x: get_integer(0, 1) }, 3) else 1 }
