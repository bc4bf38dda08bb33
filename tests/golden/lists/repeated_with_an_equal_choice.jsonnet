// The field `b` is 2 whatever its condition is, but reading it needs the rows of the condition.
local get_integer = std.native('get_integer');
{ [if get_integer(1, 2) > 1 then 'r']: std.repeat([{ b: 2 } + { [if get_integer(1, 9) > 0 then 'b']: 2 }], get_integer(0, 2)) }
