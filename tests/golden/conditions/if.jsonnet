local get_integer = std.native('get_integer');
{ a: if get_integer(1, 2) == 1 then 'x' else { y: get_integer(1, 9) } }
