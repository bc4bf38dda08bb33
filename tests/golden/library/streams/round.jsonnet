{ a: std.native('get_event_of')('circle_with_itself', count=3).a }
