local get_integer = std.native('get_integer');
{ a: std.sort([get_integer(1, 9) for _ in [1, 2]], function(x) -x) }
