local get_integer = std.native('get_integer');
{ a: std.objectRemoveKey({ n: get_integer(1, 3), m: 1 }, 'm') }
