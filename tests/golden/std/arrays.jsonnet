local get_integer = std.native('get_integer');
local a = [get_integer(1, 9) for _ in [1, 2, 3]];
{ a: [std.length(a), std.sum(a), std.avg(a), std.minArray(a), std.maxArray(a), std.count(a, 5), std.member(a, 5), std.contains(a, 5), std.any([e > 5 for e in a]), std.all([e > 5 for e in a])], b: std.find(5, a), c: std.foldl(function(t, e) t + e, a, 0), d: std.foldr(function(e, t) t - e, a, 0) }
