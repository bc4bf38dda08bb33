// Posts of a social network: text with hash tags, their list, counters, sometimes a reply or a repost.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local topics = ['coffee', 'kafka', 'postgres', 'cycling', 'jazz', 'opensource'];
local tags = std.set([topics[get_integer(0, std.length(topics) - 1)] for _ in std.range(1, get_integer(1, 4))]);
local kind = get_one_of('post, post, post, reply, repost');
local likes = std.floor(std.pow(get_integer(1, 100) / 10, 3));

{
  id: '%d' % get_integer(1e15, 9e15),
  author: { handle: '@' + std.asciiLower(get_rand_data().username), followers: get_integer(0, 200000) },
  kind: kind,
  text: get_rand_data().sentence + std.join('', [' #' + tag for tag in tags]),
  tags: tags,
  language: get_one_of('en, en, en, de, ja, pt'),
  counters: { likes: likes, reposts: std.floor(likes / get_integer(3, 12)), replies: get_integer(0, 30) },
  [if kind != 'post' then 'refers_to']: '%d' % get_integer(1e15, 9e15),
  created_at: get_timestamp('now', 'now', '1s'),
}
