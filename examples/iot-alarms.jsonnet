// Alarms of machines: severity follows the excess over a threshold; a life cycle with optional acknowledgement.
local get_integer = std.native('get_integer');
local get_number = std.native('get_number');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local rules = {
  temperature: { limit: 80, unit: '°C' },
  vibration: { limit: 7.1, unit: 'mm/s' },
  pressure: { limit: 16, unit: 'bar' },
};
local signal = get_one_of('temperature, vibration, pressure');
local rule = rules[signal];
local excess = get_number(0.01, 0.5);
local state = get_one_of('raised, raised, acknowledged, cleared');

{
  alarm_id: get_rand_data().uuid_hyphenated,
  asset: 'line-%d/machine-%02d' % [get_integer(1, 4), get_integer(1, 20)],
  signal: signal,
  value: std.round(rule.limit * (1 + excess) * 10) / 10,
  limit: rule.limit,
  severity: if excess > 0.3 then 'critical' else if excess > 0.1 then 'major' else 'minor',
  text: std.format('%s is %.1f %s, limit %g', [signal, self.value, rule.unit, rule.limit]),
  state: state,
  raised_at: get_timestamp('now-10m', 'now-5m', '1s'),
  [if state != 'raised' then 'acknowledged_by']: get_rand_data().name,
  [if state == 'cleared' then 'cleared_at']: get_timestamp('now-5m', 'now', '1s'),
}
