// Actions of players in an online game; the payload's shape depends on the action.
local get_integer = std.native('get_integer');
local get_number = std.native('get_number');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local coordinate() = std.floor(get_number(-500, 500));
local payload(action) =
  if action == 'move' then { x: coordinate(), y: coordinate(), z: 0 }
  else if action == 'hit' then { target: get_integer(1, 5000), damage: get_integer(1, 60), critical: self.damage > 50 }
  else if action == 'loot' then { items: [get_one_of('sword, shield, potion, coin') for _ in std.range(1, get_integer(1, 4))] }
  else { text: get_rand_data().sentence };

{
  player: get_integer(1, 5000),
  match: 'm-%04x' % get_integer(0, 65535),
  tick: get_integer(0, 36000),
  action: get_one_of(['move', 'move', 'move', 'hit', 'loot', 'say']),
  data: { action:: $.action } + payload(self.action),
  sent_at: get_timestamp('now', 'now', '1ms'),
  ping_ms: get_integer(8, 220),
}
