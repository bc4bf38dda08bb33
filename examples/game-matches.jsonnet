// Results of matches: two teams, their players drawn one by one, and sums that agree with them.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local player = {
  name: get_rand_data().username,
  hero: get_one_of('archer, knight, mage, thief'),
  kills: get_integer(0, 15),
};
local team(colour) = {
  colour: colour,
  players: [player { seat: seat } for seat in std.range(1, 3)],
  score: std.sum([one.kills for one in self.players]),
};

{
  local teams = [team(colour) for colour in ['red', 'blue']],

  match: get_rand_data().uuid_hyphenated,
  map: get_one_of('harbour, keep, forest'),
  ended_at: get_timestamp('now', 'now', '1s'),
  seconds: get_integer(300, 2400),
  teams: teams,
  winner: if teams[0].score == teams[1].score then null
  else if teams[0].score > teams[1].score then 'red' else 'blue',
}
