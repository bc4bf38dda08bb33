local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
{ a: std.sum([get_one_of([1, '2']) for _ in std.range(1, get_integer(1, 3))]) }
