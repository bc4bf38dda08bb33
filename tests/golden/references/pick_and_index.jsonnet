local get = std.native('get_event_of');
{ a: get('customers', 'recent', index=1).id }
