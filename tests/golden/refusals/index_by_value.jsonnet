local get_rand_data = std.native('get_rand_data');
{ a: { x: 1 }[get_rand_data().username] }
