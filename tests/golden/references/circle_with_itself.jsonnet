local get_event_of = std.native('get_event_of');
{ a: get_event_of('round', count=3).a }
