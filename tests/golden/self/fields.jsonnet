local get_integer = std.native('get_integer');
{ a: get_integer(1, 9), b: self.a + 1, c: $.b * 2, d: { e: $.a, f: self.e } }
