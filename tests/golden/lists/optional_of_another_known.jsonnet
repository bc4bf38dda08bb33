// What an element knows of itself says nothing about the one that it looks at.
local get_integer = std.native('get_integer');
local m = [{ [if get_integer(0, 1) == 1 then 'k']: 1 } for i in std.range(1, get_integer(1, 3))];
{ o: [if 'k' in e then 0 else m[0] for e in m], p: [if 'k' in e then m[0] else 0 for e in m] }
