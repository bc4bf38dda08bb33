local get_integer = std.native('get_integer');
local Item = { n: get_integer(1, 9), t: self.n * 2 }; { a: [Item { line: i } for i in std.range(1, get_integer(1, 3))], s: std.foldl(function(t, e) t + e.t, self.a, 0) }
