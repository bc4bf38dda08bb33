// Status messages of flights: gate, delay with its cause, and the estimated time beside the planned one.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_timestamp = std.native('get_timestamp');

local airports = ['FRA', 'MUC', 'CDG', 'LHR', 'MAD', 'VIE', 'ZRH', 'ARN'];
local from = get_integer(0, 7);
local clock(minutes) = '%02d:%02d' % [std.floor(minutes / 60) % 24, minutes % 60];
local delay = if get_integer(1, 3) == 1 then get_integer(5, 180) else 0;

{
  local planned = get_integer(300, 1380),
  local number = get_integer(100, 9999),

  flight: get_one_of('LH, AF, BA, OS') + number,
  from: airports[from],
  to: airports[(from + get_integer(1, 7)) % std.length(airports)],
  planned: clock(planned),
  estimated: clock(planned + delay),
  delay_minutes: delay,
  status: if delay > 150 then 'CANCELLED' else if delay > 15 then 'DELAYED' else 'ON TIME',
  [if delay > 15 then 'cause']: { code: get_integer(11, 99), text: get_one_of(['weather', 'crew', 'late aircraft', 'traffic control']) },
  gate: '%s%d' % [get_one_of('A, B, C, Z'), get_integer(1, 60)],
  sent_at: get_timestamp('now', 'now', '1s'),
}
