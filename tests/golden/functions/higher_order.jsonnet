local get_integer = std.native('get_integer');
local twice(f) = function(x) f(f(x));
local add(n) = function(x) x + n;
{ a: twice(add(get_integer(1, 9)))(1), b: std.map(add(1), [get_integer(1, 9)]), c: (function(x, y=x) [x, y])(get_integer(1, 9)) }
