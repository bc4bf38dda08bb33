{ code: std.native('get_one_of')('DE FR JP US') }
