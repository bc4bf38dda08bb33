local get_integer = std.native('get_integer');
{ a: if get_integer(0, 1) == 1 then self.a else 3, b: [self.a, 4][get_integer(0, 1)] }
