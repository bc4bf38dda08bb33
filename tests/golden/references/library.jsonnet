local get_event_of = std.native('get_event_of');
local e = import 'eventer.libsonnet'; { a: e.event_of('customers', count=2).id }
