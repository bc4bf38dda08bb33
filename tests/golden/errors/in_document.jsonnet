local get_integer = std.native('get_integer');
{ b: std.reverse(std.range(1, get_integer(0, 4))[:2] + [error 'no']) }
