local get_integer = std.native('get_integer');
local n = get_integer(1, 3);
local m = std.makeArray(n, function(i) local x = get_integer(0, 99); { x: x, h:: function(e) e > x });
{ m: m, out: std.makeArray(n, function(i) std.filter(m[(i + 1) % n].h, [10, 50, 90])) }
