local get_integer = std.native('get_integer');
local a = [get_integer(1, 9) for i in std.range(1, get_integer(1, 4))]; { m: std.map(function(x) x * 2, a), f: std.filter(function(x) x > 4, a), l: std.length(a), s: std.sum(a), j: std.join('-', ['%d' % x for x in a]) }
