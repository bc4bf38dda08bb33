{ next: std.native('get_event_of')('one', count=2).next }
