{ value: std.native('get_event_of')('link6', count=2).value }
