local get_integer = std.native('get_integer');
{ a: 'x' in ({ [if get_integer(1, 2) == 1 then 'x']: 1 } + { [if get_integer(1, 2) == 1 then 'x']: 2 }) }
