local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
{ a: '%(x)s-%(y)03d' % { x: get_one_of('a, b'), y: get_integer(1, 9) } }
