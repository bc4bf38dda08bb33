local get_integer = std.native('get_integer');
{ a: std.mergePatch({ a: get_integer(1, 9) }, { b: 1 }) }
