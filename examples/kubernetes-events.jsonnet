// Events of a Kubernetes cluster as the API server stores them: reason, type and message agree.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local app = get_one_of('api, web, worker, redis');
local pod = '%s-%s-%s' % [app, std.substr(get_rand_data().uuid_digit, 0, 9), std.substr(get_rand_data().uuid_digit, 0, 5)];
local event = get_one_of([
  { type: 'Normal', reason: 'Scheduled', message: 'Successfully assigned default/%s' % pod },
  { type: 'Normal', reason: 'Pulled', message: 'Container image "registry.example/%s:1.%d" already present' % [app, get_integer(0, 40)] },
  { type: 'Normal', reason: 'Started', message: 'Started container ' + app },
  { type: 'Warning', reason: 'BackOff', message: 'Back-off restarting failed container' },
  { type: 'Warning', reason: 'Unhealthy', message: 'Readiness probe failed: HTTP probe failed with statuscode: 503' },
]);

{
  apiVersion: 'v1',
  kind: 'Event',
  metadata: {
    name: '%s.%x' % [pod, get_integer(1e15, 9e15)],
    namespace: get_one_of('default, prod, staging'),
    uid: get_rand_data().uuid_hyphenated,
  },
  involvedObject: { kind: 'Pod', namespace: $.metadata.namespace, name: pod },
  source: { component: 'kubelet', host: 'node-%d' % get_integer(1, 12) },
  firstTimestamp: get_timestamp('now-1h', 'now-1m', '1s'),
  lastTimestamp: get_timestamp('now', 'now', '1s'),
  count: if self.type == 'Warning' then get_integer(2, 60) else 1,
} + event
