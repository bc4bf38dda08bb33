local get_event_of = std.native('get_event_of');
local c = get_event_of('customers');
{ id: c.id, name: c.name, country: c.address.country, label: c.address.label, tags: c.tags }
