local get_event_of = std.native('get_event_of');
{ vat: get_event_of('customers').vat }
