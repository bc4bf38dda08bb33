local order = std.native('get_event_of')('delivered');
{
  id: std.native('get_index')(),
  order: order.n,
  ordered_at: order.at,
  first: std.native('get_event_of')('delivered', index=0).at,
  sent: std.native('get_now')(),
}
