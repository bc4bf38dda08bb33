local get_rand_data = std.native('get_rand_data');
local get_rand_user_agent = std.native('get_rand_user_agent');
local get_dataset = std.native('get_dataset'), get_instance_id = std.native('get_instance_id');
{ a: get_rand_user_agent(), b: get_dataset('d'), c: get_instance_id('i'), d: get_rand_data().payment_method }
