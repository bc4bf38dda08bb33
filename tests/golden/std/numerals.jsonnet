local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
{ a: std.parseInt('%d' % get_integer(1, 99)), b: std.parseHex('%x' % get_integer(1, 99)), c: std.parseOctal('%o' % get_integer(1, 99)), d: std.parseInt(get_one_of('7, 8')) }
