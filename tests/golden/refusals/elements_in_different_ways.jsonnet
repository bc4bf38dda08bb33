local get_integer = std.native('get_integer');
{ a: [i for i in std.range(1, get_integer(1, 3)) for j in (if i == 1 then [1, 2] else [3])] }
