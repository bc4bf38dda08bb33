local get_integer = std.native('get_integer');
local c = get_integer(1, 2) == 1;
{ a: { [k]: get_integer(1, 9) for k in (if c then ['x'] else ['y', 'z']) }, b: { [if c then k]: 1 for k in ['x', 'y'] } }
