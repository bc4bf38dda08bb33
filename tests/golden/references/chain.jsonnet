local get_event_of = std.native('get_event_of');
{ country: get_event_of('customers').country, first: get_event_of('countries', count=1).code }
