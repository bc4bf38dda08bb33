local get_integer = std.native('get_integer');
local get_number = std.native('get_number');
local a = [{ n: get_integer(1, 9), m: get_number(0, 1) } for _ in std.range(1, get_integer(2, 4))];
{ a: a[0].n, b: a[get_integer(0, 3)].m, c: a[std.length(a) - 1], d: std.sum([each.m for each in a]) }
