local get_one_of = std.native('get_one_of');
{ [get_one_of(['a', 1])]: 1 }
