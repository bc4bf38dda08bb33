local e = import 'eventer.libsonnet';
local n = e.integer(1, 3);
local gaps = [e.number(1, 2) for _ in std.range(1, n)];
[{ after: std.sum(gaps[:i + 1]), event: i } for i in std.range(0, n - 1)]
