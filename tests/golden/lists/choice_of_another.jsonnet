local get_integer = std.native('get_integer');
local n = get_integer(1, 3);
local m = [
  local x = (if get_integer(0, 1) == 1 then { a: get_integer(0, 9) } else 'k');
  [x for j in std.range(1, get_integer(1, 2))]
  for i in std.range(1, n)
];
{ m: m, out: [m[i % n][0] for i in std.range(1, n)] }
