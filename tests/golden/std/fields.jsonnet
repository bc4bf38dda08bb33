local get_integer = std.native('get_integer');
local o = { a: get_integer(1, 9), b:: get_integer(1, 9), c: 'x' };
{ a: std.objectFields(o), b: std.objectFieldsAll(o), c: std.objectFieldsEx(o, true), d: [std.objectHas(o, 'b'), std.objectHasAll(o, 'b'), std.objectHasEx(o, 'b', true)], e: std.objectValues(o), f: std.objectValuesAll(o), g: std.objectKeysValues(o), h: std.objectKeysValuesAll(o), i: std.get(o, 'b', 0), j: std.get(o, 'd', 0), k: std.length(o) }
