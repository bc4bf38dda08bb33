// Syslog lines in the format of RFC 5424, with the priority computed from facility and severity.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local facility = get_one_of([{ code: 0, app: 'kernel' }, { code: 3, app: 'systemd' }, { code: 4, app: 'sshd' }, { code: 9, app: 'cron' }]);
local severity = get_one_of([3, 4, 5, 6, 6, 6, 6, 7]);
local texts = {
  kernel: 'eth0: link is %s' % get_one_of('up, down'),
  systemd: 'Started session-%d.scope' % get_integer(1, 900),
  sshd: '%s password for %s from %s port %d' % [
    if severity <= 4 then 'Failed' else 'Accepted',
    get_one_of('root, admin, deploy'),
    get_rand_data().ipv4,
    get_integer(1024, 65535),
  ],
  cron: '(root) CMD (/usr/bin/job --id %d)' % get_integer(1, 50),
};
local host = 'node-%02d' % get_integer(1, 30);

{
  local priority = facility.code * 8 + severity,
  host: host,
  facility: facility.code,
  severity: severity,
  line: '<%d>1 %s %s %s %d - - %s' % [
    priority, get_timestamp('now', 'now', '1ms'), host, facility.app, get_integer(100, 32000), texts[facility.app],
  ],
}
