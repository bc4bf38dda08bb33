local get_integer = std.native('get_integer');
{ a: get_integer(0, if get_integer(0, 2) > 1 then ['a'] else error 'some') }
