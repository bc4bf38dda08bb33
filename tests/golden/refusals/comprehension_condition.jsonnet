local get_one_of = std.native('get_one_of');
{ a: [i for i in [1, 2] if get_one_of([true, 1])] }
