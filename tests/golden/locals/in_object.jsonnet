local get_integer = std.native('get_integer');
{ local n = self.a + 1, a: get_integer(1, 9), b: n }
