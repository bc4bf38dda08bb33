{ n: std.native('get_event_of')('delivered').n }
