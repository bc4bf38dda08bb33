// Clicks on a web shop's pages, with element and coordinates; no key, one JSON object per click.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_rand_user_agent = std.native('get_rand_user_agent');
local get_timestamp = std.native('get_timestamp');

local viewport = get_one_of([
  { width: 390, height: 844 },
  { width: 390, height: 844 },
  { width: 1440, height: 900 },
  { width: 1920, height: 1080 },
]);

{
  event_type: 'click',
  event_id: get_rand_data().uuid_hyphenated,
  visitor_id: 'v-%06d' % get_integer(1, 20000),
  at: get_timestamp('now-1s', 'now', '1ms'),
  page: get_one_of(['/', '/cart', '/search', '/product/%d' % get_integer(1, 500)]),
  element: get_one_of('buy-button, menu, banner, search-box, footer-link'),
  viewport: viewport,
  position: {
    x: get_integer(0, viewport.width - 1),
    y: get_integer(0, viewport.height - 1),
    right_half: self.x > viewport.width / 2,
  },
  user_agent: get_rand_user_agent(),
}
