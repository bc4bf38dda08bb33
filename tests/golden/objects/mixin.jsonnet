local get_integer = std.native('get_integer');
local m = { total: super.n * 2 }; { n: get_integer(1, 9) } + m + { total+: 1 }
