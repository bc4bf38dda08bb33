local get_integer = std.native('get_integer');
local c = get_integer(1, 2) == 1;
{ a: 1 } + { [if c then 'a']:: 1 } + { a: 2 }
