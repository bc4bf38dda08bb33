local get_event_of = std.native('get_event_of');
{ a: get_event_of('customers').address { city: 'x' }, has: std.objectHas(get_event_of('customers'), 'vat') }
