// Flow records of a router, similar to NetFlow: addresses, ports by service, consistent packets and bytes.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local services = [['https', 443, 'tcp'], ['https', 443, 'tcp'], ['dns', 53, 'udp'], ['ssh', 22, 'tcp'], ['ntp', 123, 'udp']];
local service = services[get_integer(0, std.length(services) - 1)];

{
  local packets = if service[2] == 'udp' then get_integer(1, 4) else get_integer(4, 4000),

  exporter: 'router-%d' % get_integer(1, 8),
  src: { ip: '192.168.%d.%d' % [get_integer(0, 7), get_integer(2, 254)], port: get_integer(49152, 65535) },
  dst: { ip: get_rand_data().ipv4, port: service[1] },
  service: service[0],
  protocol: { tcp: 6, udp: 17 }[service[2]],
  packets: packets,
  bytes: packets * get_integer(60, 1400),
  [if service[2] == 'tcp' then 'tcp_flags']: get_one_of(['S', 'SA', 'SAF', 'SAPF', 'SR']),
  first_seen: get_timestamp('now-2m', 'now-1m', '1ms'),
  last_seen: get_timestamp('now-1m', 'now', '1ms'),
  sampled: 1 / 64,
}
