// JSON log lines of a few services: a level, a message, and an exception only on errors.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local level = get_one_of(['DEBUG', 'INFO', 'INFO', 'INFO', 'INFO', 'INFO', 'WARN', 'ERROR']);
local service = get_one_of('checkout, catalogue, identity, mailer');
local ms = get_integer(1, 3000);
local messages = {
  DEBUG: 'cache lookup for key %s:%d' % [service, get_integer(1, 10000)],
  INFO: 'request served in %d ms' % ms,
  WARN: 'slow query: %d ms' % (ms + 5000),
  ERROR: 'unhandled exception in ' + service,
};

{
  '@timestamp': get_timestamp('now', 'now', '1ms'),
  level: level,
  logger: 'com.example.%s.%sService' % [service, std.asciiUpper(service[0]) + service[1:]],
  message: messages[level],
  thread: 'worker-%d' % get_integer(1, 16),
  mdc: { trace_id: get_rand_data().uuid_digit, user: get_one_of([null, 'u%d' % get_integer(1, 9999)]) },
  [if level == 'ERROR' then 'exception']: {
    class: get_one_of('java.lang.IllegalStateException, java.io.IOException, java.lang.NullPointerException'),
    frames: ['at com.example.%s.Handler.step%d(Handler.java:%d)' % [service, i, get_integer(20, 400)]
             for i in std.range(1, get_integer(2, 6))],
  },
}
