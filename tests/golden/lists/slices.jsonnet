local get_integer = std.native('get_integer');
local a = [get_integer(1, 9) for _ in [1, 2, 3, 4]];
{ a: a[1:], b: a[:2], c: a[::2], d: a[-1:], e: 'abcdef'[get_integer(0, 3):5] }
