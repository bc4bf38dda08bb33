// Environmental readings of 500 devices; each device drifts from its own calibration by arithmetic.
// Keyed by device: eventer run examples/iot-readings.jsonnet --kafka iot --key device.id --rate 1k/s --duration 10s
local get_integer = std.native('get_integer');
local get_number = std.native('get_number');
local get_one_of = std.native('get_one_of');
local get_timestamp = std.native('get_timestamp');

local round(value, digits=1) = std.round(value * std.pow(10, digits)) / std.pow(10, digits);
local unit = get_integer(1, 500);
local offset = (unit * 37 % 100 - 50) / 25;

{
  local true_temperature = 21 + get_number(-4, 4),

  device: {
    id: 'env-%04d' % unit,
    model: if unit % 3 == 0 then 'TH-200' else 'TH-100',
    firmware: '2.%d.%d' % [unit % 4, unit % 10],
  },
  measured_at: get_timestamp('now', 'now', '1s'),
  temperature_c: round(true_temperature + offset),
  temperature_f: round(self.temperature_c * 9 / 5 + 32),
  humidity_pct: round(std.clamp(45 + get_number(-20, 20) - offset * 2, 0, 100)),
  pressure_hpa: round(get_number(990, 1030), 2),
  battery_mv: 3300 - get_integer(0, 900),
  quality: if self.battery_mv < 2600 then 'suspect' else 'good',
}
