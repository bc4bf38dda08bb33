local get_event_of = std.native('get_event_of');
{ a: std.map(get_event_of, ['customers']) }
