// A visit to a shop, step by step: pages, a cart, and perhaps an order and its payment
// eventer preview examples/timelines/shop-session.jsonnet --timeline 2h -n 3
// Steps to 'pages', 'orders' and 'payments'
local e = import 'eventer.libsonnet';

local states = {
  home: { next: { search: 5, product: 3, leave: 2 }, dwell: { lognormal: [8, 0.8, 1, 600, 3] } },
  search: { next: { search: 2, product: 6, leave: 2 }, dwell: { lognormal: [12, 0.6, 1, 600, 3] } },
  product: { next: { search: 4, cart: 3, leave: 3 }, dwell: { gamma: [2, 20, 3] } },
  cart: { next: { product: 3, checkout: 4, leave: 3 }, dwell: { normal: [25, 10, 1, 120, 3] } },
  checkout: { next: { done: 8, cart: 1, leave: 1 }, dwell: { normal: [60, 20, 5, 180, 3] } },
  done: {},
  leave: {},
};

local visit = e.uuid(), shopper = e.integer(1, 20000), total = e.lognormal(60, 0.7, 5, 2000, 2);
local path = e.chain(states, 'home', 12);
local last = path[std.length(path) - 1];
local bought = last.state == 'done', paid = last.after + e.number(1, 90, 3);

[
  {
    after: s.after,
    to: 'pages',
    event: { visit: visit, shopper: shopper, number: s.step, at: e.now('ms', s.after), page: s.state },
  }
  for s in path
]
+ (
  if bought
  then [
    { after: last.after, to: 'orders', event: { id: visit, shopper: shopper, at: e.now('ms', last.after), total: total } },
    { after: paid, to: 'payments', event: { order: visit, at: e.now('ms', paid), amount: total } },
  ]
  else []
)
