local get_integer = std.native('get_integer');
local ids = [get_integer(0, 99) for i in std.range(1, get_integer(1, 3))], big = [e for e in ids if e > 40];
{ ids: ids, first: [if std.length(big) > 0 then big[0] else -1 for a in ids] }
