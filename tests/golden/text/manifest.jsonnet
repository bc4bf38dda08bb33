local get_integer = std.native('get_integer');
{ a: std.manifestJsonMinified({ n: get_integer(1, 9) }), b: std.toString([get_integer(1, 9)]) }
