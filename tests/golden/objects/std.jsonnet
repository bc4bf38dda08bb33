local get_integer = std.native('get_integer');
local o = { a: get_integer(1, 9), [if get_integer(1, 2) == 1 then 'b']: 1 }; { f: std.objectFields(o), h: std.objectHas(o, 'b'), g: std.get(o, 'b', 7) }
