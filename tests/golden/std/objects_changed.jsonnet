local get_integer = std.native('get_integer');
local o = { a: get_integer(1, 9), b: null };
{ a: std.mapWithKey(function(k, v) [k, v], o) }
