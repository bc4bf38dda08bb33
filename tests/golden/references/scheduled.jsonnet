local get_event_of = std.native('get_event_of'), get_index = std.native('get_index');
local order = get_event_of('delivered');
{
  n: order.n,
  at: order.at,
  few: get_event_of('delivered', 'zipf', 4).n,
  first: get_event_of('delivered', index=0).at,
  recent: [get_event_of('delivered', 'recent').n for i in [1, 2]],
}
