{ value: std.native('get_event_of')('link2', count=2).value }
