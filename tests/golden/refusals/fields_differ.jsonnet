local get_integer = std.native('get_integer');
{ a: std.objectFields({ [if get_integer(1, 2) == 1 then 'b']: 1 }) }
