local get_rand_data = std.native('get_rand_data');
{ [get_rand_data().word]: 1 }
