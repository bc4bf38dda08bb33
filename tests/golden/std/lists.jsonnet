local get_integer = std.native('get_integer');
local a = [get_integer(1, 9) for _ in std.range(1, get_integer(1, 3))];
{ a: [std.length(a), std.sum(a), std.minArray(a), std.maxArray(a), std.any([e > 5 for e in a]), std.all([e > 5 for e in a])], b: std.avg(a), c: std.count(a, 5), d: std.find(5, a) }
