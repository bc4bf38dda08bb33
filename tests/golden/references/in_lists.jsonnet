local get_event_of = std.native('get_event_of');
{ lines: [get_event_of('customers', count=3).id for i in std.range(1, std.native('get_integer')(1, 3))] }
