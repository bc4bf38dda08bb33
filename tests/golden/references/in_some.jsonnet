local get_event_of = std.native('get_event_of');
{ a: if std.native('get_boolean')() then get_event_of('customers').id else 'none' }
