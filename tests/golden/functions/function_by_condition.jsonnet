// Which function is called differs from event to event.
local n = std.native('get_integer')(1, 2);
local f = if n == 1 then function(x) x + 1 else function(x) x * 2;
{ a: f(n) }
