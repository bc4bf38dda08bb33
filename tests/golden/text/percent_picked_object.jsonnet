local get_one_of = std.native('get_one_of');
{ a: '%(a)s!' % get_one_of([{ a: 1 }, { a: 2 }]) }
