local get_event_of = std.native('get_event_of');
local receipt = get_event_of('receipts'), order = get_event_of('delivered', 'recent');
{
  receipt: { id: receipt.id, order: receipt.order, ordered_at: receipt.ordered_at, first: receipt.first, sent: receipt.sent },
  order: order.n,
}
