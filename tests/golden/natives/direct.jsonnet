{ a: std.native('get_integer')(1, 9) }
