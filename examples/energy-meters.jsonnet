// Quarter-hourly reads of electricity meters; the daily profile depends on a random hour.
local get_integer = std.native('get_integer');
local get_number = std.native('get_number');
local get_one_of = std.native('get_one_of');
local get_timestamp = std.native('get_timestamp');

local profile = [2, 2, 2, 2, 2, 3, 5, 8, 7, 6, 6, 7, 8, 7, 6, 6, 7, 9, 12, 12, 10, 8, 5, 3];
local hour = get_integer(0, 23);
local solar = get_integer(1, 4) == 1;
local kwh(x) = std.round(x * 1000) / 1000;

{
  meter_id: '1EMH%010d' % get_integer(1, 9000),
  day: std.substr(get_timestamp('now-1d', 'now', '24h'), 0, 10),
  slot: hour * 4 + get_integer(0, 3),
  tariff: if hour >= 6 && hour < 22 then 'HT' else 'NT',
  import_kwh: kwh(profile[hour] / 40 * get_number(0.5, 1.6)),
  [if solar then 'export_kwh']: kwh(std.max(0, 6 - std.abs(13 - hour)) / 20 * get_number(0, 1)),
  status: get_one_of(['measured', 'measured', 'measured', 'measured', 'estimated', 'missing']),
  value: if self.status == 'missing' then null else self.import_kwh,
}
