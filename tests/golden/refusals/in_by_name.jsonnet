local get_rand_data = std.native('get_rand_data');
{ a: get_rand_data().username in { x: 1 } }
