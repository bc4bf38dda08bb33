// Medical observations in the style of FHIR R5: one of four vital signs with unit and interpretation.
local get_integer = std.native('get_integer');
local get_number = std.native('get_number');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local vital(code, name, unit, low, high) = { code:: code, name:: name, unit:: unit, low:: low, high:: high };
local vitals = [
  vital('8867-4', 'Heart rate', '/min', 60, 100),
  vital('8310-5', 'Body temperature', 'Cel', 36.1, 37.8),
  vital('9279-1', 'Respiratory rate', '/min', 12, 20),
  vital('59408-5', 'Oxygen saturation', '%', 95, 100),
];

{
  local sign = vitals[get_integer(0, 3)],
  local spread = (sign.high - sign.low) / 4,
  local value = std.round(get_number(sign.low - spread, sign.high + spread) * 10) / 10,

  resourceType: 'Observation',
  id: get_rand_data().uuid_hyphenated,
  status: get_one_of('final, final, final, preliminary, amended'),
  code: { coding: [{ system: 'http://loinc.org', code: sign.code, display: sign.name }], text: sign.name },
  subject: { reference: 'Patient/%d' % get_integer(1, 4000) },
  effectiveDateTime: get_timestamp('now-10m', 'now', '1s'),
  valueQuantity: { value: value, unit: sign.unit, system: 'http://unitsofmeasure.org' },
  interpretation: [{ text: if value < sign.low then 'low' else if value > sign.high then 'high' else 'normal' }],
  referenceRange: [{ low: { value: sign.low }, high: { value: sign.high } }],
}
