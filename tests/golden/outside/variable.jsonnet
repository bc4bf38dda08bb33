local get_integer = std.native('get_integer');
{ a: std.extVar('given'), b: std.extVar('given') + get_integer(1, 9) }
