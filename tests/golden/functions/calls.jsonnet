local get_integer = std.native('get_integer');
local f(x, y=x + 1) = { x: x, y: y, z: get_integer(1, 9) }; { a: f(1), b: f(1), c: f(get_integer(1, 9), y=0) }
