// Successful and failed sign-ins: tokens only on success, a lock after several failures.
local get_dataset = std.native('get_dataset');
local get_instance_id = std.native('get_instance_id');
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local attempts = get_one_of([1, 1, 1, 1, 1, 2, 2, 3, 6]);
local ok = attempts < 3;
local method = get_one_of('password, password, passkey, sso');

{
  tenant: get_dataset('demo'),
  issuer: 'https://login.example/' + get_instance_id('local'),
  user: 'user-%05d' % get_integer(1, 20000),
  method: method,
  outcome: if ok then 'success' else if attempts > 5 then 'locked' else 'failure',
  attempts: attempts,
  ip: get_rand_data().ipv4,
  geo: { country: get_one_of('DE, FR, US, BR, IN'), lat: get_rand_data().lat, lon: get_rand_data().long },
  [if ok then 'token']: get_rand_data().jwt,
  [if ok && method == 'sso' then 'idp']: 'corp',
  at: get_timestamp('now', 'now', '1s'),
}
