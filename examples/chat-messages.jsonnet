// Messages in chat rooms: text, mentions, attachments on some, edits on a few.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local user() = 'user%d' % get_integer(1, 3000);
local mentions = [user() for _ in std.range(1, get_integer(0, 3))];
local text = get_rand_data().sentence;
local edited = get_integer(1, 15) == 1;

{
  room: get_one_of('general, random, incidents, release'),
  message_id: get_rand_data().uuid_hyphenated,
  author: user(),
  sent_at: get_timestamp('now', 'now', '1ms'),
  text: std.join(' ', ['@' + name for name in mentions] + [text]),
  length: std.length(self.text),
  mentions: mentions,
  reactions: { [emoji]: get_integer(1, 20) for emoji in std.set([get_one_of(['👍', '🎉', '❤️', '😀']) for _ in std.range(1, 2)]) },
  [if edited then 'edited_at']: get_timestamp('now', 'now+5m', '1s'),
  [if get_integer(1, 8) == 1 then 'attachment']: {
    name: get_rand_data().word + get_one_of('.png .pdf .txt'),
    bytes: get_integer(1000, 5000000),
  },
}
