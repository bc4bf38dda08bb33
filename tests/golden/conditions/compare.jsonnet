local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
{ n: get_integer(1, 9), a: self.n < 5, b: self.n == 3, c: get_one_of('a, b') < 'b', d: self.n != null }
