// CloudEvents 1.0 envelopes around three kinds of data, as mixins that share one base.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local Envelope = {
  specversion: '1.0',
  id: get_rand_data().uuid_hyphenated,
  source: '/shop/' + get_one_of('eu, us'),
  type: 'com.example.' + self.short,
  short:: error 'a CloudEvent has a type',
  time: get_timestamp('now', 'now', '1ms'),
  datacontenttype: 'application/json',
  data: { tenant: get_integer(1, 50) },
};
local UserCreated = Envelope { short:: 'user.created', data+: { user: get_integer(1, 90000), email: get_rand_data().email } };
local FileUploaded = Envelope { short:: 'file.uploaded', subject: 'file-%d' % get_integer(1, 9999), data+: { bytes: get_integer(1, 10000000) } };
local JobFinished = Envelope { short:: 'job.finished', data+: { seconds: get_integer(1, 3600), ok: get_integer(1, 9) > 1 } };

local pick = get_integer(1, 3);
if pick == 1 then UserCreated else if pick == 2 then FileUploaded else JobFinished
