local get_integer = std.native('get_integer');
local steps = [
  { after: if i == 0 then 0 else steps[i - 1].after + get_integer(1, 9) }
  for i in std.range(0, get_integer(0, 3))
];
{ steps: steps }
