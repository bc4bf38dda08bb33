local get_one_of = std.native('get_one_of');
{ a: std.split(get_one_of(['a-b', 'c-d-e']), '-') }
