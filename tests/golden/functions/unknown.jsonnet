local get_one_of = std.native('get_one_of');
{ a: get_one_of([function(x) x + 1, function(x) x])(1) }
