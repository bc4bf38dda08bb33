// A visit to a shop as a path through states, an array of steps with their own times
local e = import 'eventer.libsonnet';

local states = {
  home: { next: { search: 5, product: 3, leave: 2 }, dwell: { lognormal: [8, 0.8, null, 600, 1] } },
  search: { next: { search: 2, product: 6, leave: 2 }, dwell: { lognormal: [12, 0.6, null, 600, 1] } },
  product: { next: { search: 4, cart: 3, leave: 3 }, dwell: { gamma: [2, 20, 1] } },
  cart: { next: { product: 3, checkout: 4, leave: 3 }, dwell: { normal: [25, 10, 1, null, 1] } },
  checkout: { next: { paid: 8, cart: 1, leave: 1 }, dwell: { normal: [60, 20, 5, null, 1] } },
  paid: {},
  leave: {},
};

local product() = { sku: 'sku-%04d' % e.zipf(2000), price: e.number(5, 200, 2) };
local write = {
  home: function(s) {},
  search: function(s) { query: e.words(1, 3) },
  product: function(s) { product: product() },
  cart: function(s) { product: product(), items: 1 + e.poisson(0.4) },
  checkout: function(s) { payment: e.one_of({ card: 7, invoice: 2, voucher: 1 }) },
  paid: function(s) { total: e.lognormal(60, 0.7, 5, 2000, 2) },
  leave: function(s) {},
};

local path = e.chain(states, 'home', 60);
local last = path[std.length(path) - 1];

{
  visit: e.uuid(),
  started_at: e.now(),
  device: e.one_of('phone, tablet, desktop'),
  converted: last.state == 'paid',
  seconds: std.round(last.after * 10) / 10,
  carts: std.length(std.filter(function(s) s.state == 'cart', path)),
  steps: [
    { event: s.state, at: e.now('ms', s.after), data: write[s.state](s) }
    for s in path
  ],
}
