local get_integer = std.native('get_integer');
local a = [get_integer(1, 9) for _ in std.range(1, get_integer(1, 3))];
{ a: std.reverse(a), b: a[1:], c: std.mapWithIndex(function(i, e) i + e, a), d: std.flatMap(function(e) [e, e], a), e: std.filter(function(e) e > 5, a), f: std.uniq(a), g: std.remove(a, 5), h: std.sort(a), i: std.set(a), j: std.map(function(e) { n: e }, a) }
