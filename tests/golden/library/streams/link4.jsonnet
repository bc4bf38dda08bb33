{ value: std.native('get_event_of')('link5', count=2).value }
