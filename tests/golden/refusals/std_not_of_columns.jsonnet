local get_integer = std.native('get_integer');
{ a: std.parseYaml('a: %d' % get_integer(1, 9)) }
