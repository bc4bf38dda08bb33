local get_one_of = std.native('get_one_of');
{ a: if get_one_of([true, 1]) then 1 else 2 }
