// Ad impressions with their auction: bids, the winner, the second price, and sometimes a click.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local bidders = ['acme', 'bolt', 'cobra', 'delta'];
local bids = [{ bidder: name, cents: get_integer(5, 400) } for name in bidders];
local best = std.foldl(function(top, bid) if bid.cents > top.cents then bid else top, bids, { bidder: null, cents: 0 });
local losing = [bid.cents for bid in bids if bid.bidder != best.bidder];

{
  impression_id: get_rand_data().uuid_digit,
  at: get_timestamp('now', 'now', '1ms'),
  slot: get_one_of('top, sidebar, footer, interstitial'),
  size: get_one_of(['728x90', '300x250', '160x600']),
  width: std.parseInt(std.split(self.size, 'x')[0]),
  bids: bids,
  winner: best.bidder,
  bid_cents: best.cents,
  price_cents: std.foldl(function(a, b) std.max(a, b), losing, 0),
  clicked: get_integer(1, 1000) <= 8,
}
