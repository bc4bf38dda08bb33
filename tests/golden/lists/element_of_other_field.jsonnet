local get_integer = std.native('get_integer');
local steps = [
  { from: i, wait: get_integer(1, 9), until: if i == 0 then 0 else steps[i - 1].wait }
  for i in std.range(0, get_integer(0, 3))
];
{ steps: steps }
