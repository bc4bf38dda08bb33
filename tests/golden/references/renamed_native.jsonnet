local native = std.native, take = native('get_event_of');
{ a: native('get_event_of')('customers', count=2).id, b: take(index=1, name='customers').id }
