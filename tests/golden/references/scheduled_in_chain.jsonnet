local get_event_of = std.native('get_event_of');
{ n: get_event_of('reader').n }
