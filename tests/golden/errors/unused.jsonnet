local get_integer = std.native('get_integer');
{ a:: error 'never', b: get_integer(1, 9) }
