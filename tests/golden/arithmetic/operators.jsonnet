local get_integer = std.native('get_integer');
{ a: get_integer(-9, 9), b: self.a * 2 - 1, c: self.a / 4, d: self.a % 4, e: -self.a, f: (self.a + 9) & 3 }
