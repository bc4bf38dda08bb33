local get_integer = std.native('get_integer');
{ a:: 1 } + { [if get_integer(1, 2) == 1 then 'a']::: 2 }
