local get_integer = std.native('get_integer');
local o = { k:: get_integer(1, 9), m(x):: x + self.k }; { a: o.m(1), b: o.m(2) }
