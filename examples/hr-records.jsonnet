// Records of an HR system: salary bands by level, a manager except for the top, several contracts.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');

local bands = { junior: [38, 52], senior: [55, 80], lead: [75, 105], director: [110, 160] };
local level = get_one_of('junior, junior, junior, senior, senior, lead, director');
local date(from, to) = '%04d-%02d-%02d' % [get_integer(from, to), get_integer(1, 12), get_integer(1, 28)];

local Base = {
  employee_id: 'E%05d' % get_integer(1, 8000),
  name: get_rand_data().name,
  department: get_one_of(['Finance', 'Engineering', 'Sales', 'People']),
  level: level,
  hired: date(2005, 2025),
};
local Salaried = {
  local band = bands[self.level],
  salary: { currency: 'EUR', yearly: get_integer(band[0], band[1]) * 1000 },
  part_time: get_integer(1, 5) == 1,
  hours: if self.part_time then get_one_of([20, 25, 30]) else 40,
};
local Managed = { manager_id: if $.level == 'director' then null else 'E%05d' % get_integer(1, 300) };

Base + Salaried + Managed + {
  contracts: [{ n: n, signed: date(2004 + n, 2024), kind: get_one_of('fixed, permanent') } for n in std.range(1, get_integer(1, 3))],
}
