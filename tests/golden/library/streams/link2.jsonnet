{ value: std.native('get_event_of')('link3', count=2).value }
