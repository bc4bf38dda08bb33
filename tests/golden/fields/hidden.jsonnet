local get_integer = std.native('get_integer');
{ a:: get_integer(1, 9), b: self.a, c::: 1 }
