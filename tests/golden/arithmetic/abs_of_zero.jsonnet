local get_integer = std.native('get_integer');
{ texts: ['v' + std.abs(get_integer(-1, 1)) for _ in std.range(1, 6)] }
