local get_integer = std.native('get_integer');
{ a: std.foldl(function(t, x) t + x, [1 for _ in std.range(1, get_integer(1, 200))], 0) }
