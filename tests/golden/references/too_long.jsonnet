local get_event_of = std.native('get_event_of');
{ a: get_event_of('link1', count=2).value }
