local get_integer = std.native('get_integer');
{ a: [n for n in [1, 2, 3] if get_integer(1, 2) == 1], b: std.filter(function(n) get_integer(1, 2) == 1, ['x', 'y']) }
