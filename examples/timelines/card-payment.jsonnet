// A card payment: authorised or declined, captured, and sometimes refunded in one or two parts
// eventer preview examples/timelines/card-payment.jsonnet --timeline 24h -n 3
// Steps to 'payments' and 'refunds'
local e = import 'eventer.libsonnet';

local id = e.uuid(), cents = std.round(e.lognormal(4500, 0.8, 100, 200000));
local card = 'card-%05d' % e.integer(1, 50000), currency = e.one_of({ EUR: 7, USD: 2, GBP: 1 });
local captured = e.number(1, 120, 3), refunded = captured + e.number(600, 40000, 3);
local first = std.floor(cents * e.one_of([0.25, 0.5, 1]));
local declined = e.boolean(0.06), refund = e.boolean(0.08);

local payment(after, status) = {
  after: after,
  to: 'payments',
  event: { payment: id, card: card, at: e.now('ms', after), status: status, cents: cents, currency: currency },
};
local money_back(after, part, amount) = {
  after: after,
  to: 'refunds',
  event: { payment: id, part: part, at: e.now('ms', after), cents: amount, currency: currency },
};

if declined
then [payment(0, 'declined')]
else
  [payment(0, 'authorised'), payment(captured, 'captured')]
  + (if refund then [money_back(refunded, 1, first)] else [])
  + (if refund && first < cents then [money_back(refunded + 3600, 2, cents - first)] else [])
