local get_integer = std.native('get_integer');
{ a: if get_integer(1, 3) == 1 then error 'rare' else 1 }
