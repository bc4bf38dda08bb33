local get_integer = std.native('get_integer');
{ a: if false then get_integer(lo=10, hi=1) else 1 }
