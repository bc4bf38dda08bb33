local get_integer = std.native('get_integer');
local n = get_integer(1, 4);
{ a: if n == 1 then 'one' else if n == 2 then 'two' else 'many', b: if n > 2 then { x: n } else [n] }
