local get_integer = std.native('get_integer');
{ n: get_integer(0, 2), a: self.n > 0 && 2 / self.n > 1, b: self.n == 0 || 2 / self.n > 1, c: !self.a }
