local get_integer = std.native('get_integer');
{ a: std.prune({ a: get_integer(1, 9), b: null }) }
