local get_one_of = std.native('get_one_of');
{ a: std.flatMap(function(x) [x], get_one_of(['ab', 'c'])) }
