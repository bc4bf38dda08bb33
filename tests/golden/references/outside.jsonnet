local get_event_of = std.native('get_event_of');
{ a: get_event_of('customers', index=3 + std.native('get_index')()).id }
