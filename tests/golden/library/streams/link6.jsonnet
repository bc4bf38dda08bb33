{ value: std.native('get_event_of')('link7', count=2).value }
