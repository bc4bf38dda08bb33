local get_integer = std.native('get_integer');
{ a: get_integer(1, 4), assert self.a < 4 : 'small' }
