local get_integer = std.native('get_integer');
{ a: std.foldr(function(x, t) t + x, [1 for _ in std.range(1, get_integer(1, 3))], 0) }
