local get_integer = std.native('get_integer');
local get_number = std.native('get_number');
{ n: get_integer(1, 9), m: get_integer(1, self.n), x: get_number(self.n, 10) }
