// The objects have the same fields, so each field is one column.
local get_integer = std.native('get_integer');
local numbers = [get_integer(0, 9) for _ in std.range(1, get_integer(0, 2))];
std.foldl(
  function(before, n) { sum: before.sum + n, last: n, texts: [before.last, '%d' % n], hidden:: n },
  numbers,
  { sum: 0, last: null, texts: [], hidden:: 0 },
)
