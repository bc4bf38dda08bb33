local get_one_of = std.native('get_one_of');
{ a: [x + 1 for x in get_one_of([[1], [2, 3]])] }
