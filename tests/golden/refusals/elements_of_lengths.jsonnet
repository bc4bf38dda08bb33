local get_integer = std.native('get_integer');
{ a: [j for i in [1, 2] for j in (if get_integer(1, 2) == 1 then [1] else [2, 3])] }
