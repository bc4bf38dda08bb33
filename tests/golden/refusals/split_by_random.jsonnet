local get_rand_data = std.native('get_rand_data');
{ a: std.split(get_rand_data().email, get_rand_data().username[0]) }
