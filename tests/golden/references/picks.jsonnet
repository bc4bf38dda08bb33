local get_event_of = std.native('get_event_of');
{ uniform: get_event_of('customers').id, recent: get_event_of('customers', 'recent', 4).id, zipf: get_event_of('customers', 'zipf').id, index: get_event_of('customers', index=2 - std.native('get_index')()).id }
