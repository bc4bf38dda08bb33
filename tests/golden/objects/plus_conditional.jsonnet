local get_integer = std.native('get_integer');
{ a: { n: 1 } + (if get_integer(1, 2) == 1 then { m: 2 } else {}) }
