local get_integer = std.native('get_integer');
local v = if get_integer(0, 2) > 0 then { [if get_integer(0, 1) > 0 then 'a']: get_integer(0, 9), b: 3 } else { a: 'x' };
{ list: [v for i in std.range(1, get_integer(0, 3))] }
