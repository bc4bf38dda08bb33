local get_integer = std.native('get_integer');
local a = [get_integer(1, 9) for i in std.range(1, 3)]; { a: a[0], b: a[get_integer(0, 2)], c: ['x', 'y'][get_integer(0, 1)] }
