{ value: std.native('get_event_of')('link10', count=2).value }
