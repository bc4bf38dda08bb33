local get_integer = std.native('get_integer');
local a = [get_integer(1, 9) for _ in [1, 2, 3]];
{ a: std.reverse(a), b: std.slice(a, 0, 2, 1), c: std.removeAt(a, 1), d: std.remove(a, 5), e: std.mapWithIndex(function(i, e) i + e, a), f: std.flatMap(function(e) [e, e], a), g: std.flattenArrays([a, [1]]), h: std.flattenDeepArray([a, [[2]]]), i: std.repeat(a, 2), j: a[1:], k: std.makeArray(2, function(i) a[i]), l: std.uniq(a) }
