// A session with a random number of page views, as a function with an optional parameter: -V site=shop
function(site='demo')
  local get_integer = std.native('get_integer');
  local get_one_of = std.native('get_one_of');
  local get_rand_data = std.native('get_rand_data');

  local view(n) = {
    n: n,
    path: '/' + std.join('/', [get_rand_data().word for _ in std.range(1, get_integer(1, 3))]),
    milliseconds: get_integer(20, 4000),
  };

  {
    site: site,
    session: get_rand_data().uuid_digit,
    device: get_one_of('phone, tablet, desktop'),
    views: [view(n) for n in std.range(1, get_integer(1, 8))],
    view_count: std.length(self.views),
    duration: std.sum([v.milliseconds for v in self.views]),
  }
