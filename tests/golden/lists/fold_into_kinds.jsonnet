local get_integer = std.native('get_integer');
local step(t, e) = if std.isString(t) then [e] else if e > get_integer(0, 3) then { a: t } else std.max(t, 'z');
{ a: std.foldl(step, std.makeArray(get_integer(0, 3), function(i) get_integer(0, 3)), 'x') }
