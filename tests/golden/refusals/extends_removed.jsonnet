local get_integer = std.native('get_integer');
{ a: std.objectRemoveKey({ n: 1, m: 1 }, 'm') { o: get_integer(1, 3) } }
