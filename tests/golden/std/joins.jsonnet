local get_integer = std.native('get_integer');
local get_rand_data = std.native('get_rand_data');
local t = get_rand_data().word;
{ a: std.join('-', [t, null, t]), b: std.join([0], [[get_integer(1, 9)], [2]]), c: std.join('', [t for _ in std.range(1, get_integer(0, 3))]), d: std.repeat('ab', get_integer(0, 3)), e: std.repeat([1], get_integer(0, 3)) }
