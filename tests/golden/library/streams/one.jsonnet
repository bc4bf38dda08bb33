{ next: std.native('get_event_of')('two', count=2).next }
