local get_integer = std.native('get_integer');
local n = get_integer(1, 3);
local m = std.makeArray(
  n, function(i) { a: get_integer(0, 9) } + { [if get_integer(0, 1) == 1 then 'a']: get_integer(100, 199) }
);
{ m: m, out: std.makeArray(n, function(i) m[(i + 1) % n]) }
