local get_integer = std.native('get_integer');
local get_number = std.native('get_number');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
{ a: std.format('%s %d %5.1f %-4s| %+d %e %g %c %%', [get_rand_data().word, get_integer(1, 99), get_number(0, 9), get_one_of('a, b'), get_integer(1, 9), get_number(0, 1), get_number(0, 1), 'z']), c: '%24s|%-24s|' % [get_number(0, 9), get_rand_data().email], b: '%(a)s' % { a: get_one_of([1, 'x']) } }
