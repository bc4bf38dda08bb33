local get_chain = std.native('get_chain');
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local states = {
  home: { next: { home: 2, cart: 1, leave: 1 }, dwell: { exponential: [30] } },
  cart: { next: { home: 1, paid: 2 }, dwell: 12.5 },
  paid: {},
  leave: {},
};
local path = get_chain(states, 'home', 6);
local write = {
  home: function(s) { page: get_integer(1, 9), at: s.after },
  cart: function(s) { item: get_integer(10, 99), step: s.step },
  paid: function(s) 'paid',
  leave: function(s) null,
};
{
  states: [s.state for s in path],
  events: [write[s.state](s) for s in path],
  first: path[0],
  last: std.foldl(function(before, s) if s.state == 'leave' then before else s.state, path, null),
  seconds: path[std.length(path) - 1].after,
  paths: [get_chain(states, 'cart', get_one_of([1, 4])) for i in std.range(1, get_integer(0, 2))],
}
