// Plays of songs: skipped ones are short, playlists name their position, offline ones arrive late.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local capital(word) = std.asciiUpper(std.substr(word, 0, 1)) + std.substr(word, 1, std.length(word) - 1);
local title(words) = std.join(' ', std.map(capital, [get_rand_data().word for _ in std.range(1, words)]));
local seconds = get_integer(95, 420);
local skipped = get_integer(1, 4) == 1;
local source = get_one_of('playlist, playlist, album, radio, search');

{
  listener: get_integer(1, 60000),
  track: { id: get_integer(1, 1000000), title: title(get_integer(1, 3)), seconds: seconds },
  artist: get_rand_data().last_name + get_one_of([' Trio', ' & Friends', '']),
  source: source,
  [if source == 'playlist' then 'playlist']: { id: get_integer(1, 9000), index: get_integer(0, 99) },
  played_s: if skipped then get_integer(1, 30) else seconds,
  skipped: skipped,
  offline: get_integer(1, 10) == 1,
  played_at: if self.offline then get_timestamp('now-2d', 'now-1h', '1s') else get_timestamp('now-5s', 'now', '1s'),
}
