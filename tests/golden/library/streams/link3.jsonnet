{ value: std.native('get_event_of')('link4', count=2).value }
