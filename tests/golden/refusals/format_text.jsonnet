local get_rand_data = std.native('get_rand_data');
{ a: std.format(get_rand_data().username + '%d', [1]) }
