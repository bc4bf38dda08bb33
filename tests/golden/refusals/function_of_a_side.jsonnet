local get_integer = std.native('get_integer');
local n = get_integer(1, 2);
local f = if n > 1 then (local y = get_integer(0, 9); function(a) a + y) else function(a) a;
{ o: [std.map(f, [1]) for i in std.range(1, n)] }
