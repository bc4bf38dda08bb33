{ value: std.native('get_event_of')('link9', count=2).value }
