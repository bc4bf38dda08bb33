{ value: std.native('get_event_of')('link8', count=2).value }
