local get_integer = std.native('get_integer');
{ a:: get_integer(1, 9), b: 1 } + { a::: super.a, b:: 2, c: self.b } + { b: 3 }
