// A day of a device: it goes online, sends heartbeats that may degrade, and goes offline
// eventer preview examples/timelines/device-states.jsonnet --timeline 24h -n 3
// Steps to 'states'
local e = import 'eventer.libsonnet';

local states = {
  offline: { next: { online: 1 }, dwell: { lognormal: [120, 1, 5, 3600, 3] } },
  online: { next: { degraded: 1, offline: 9 }, dwell: { exponential: [1800, 1, 3600, 3] } },
  degraded: { next: { online: 3, offline: 1 }, dwell: { uniform: [30, 300, 3] } },
};

local device = 'gw-%04d' % e.integer(1, 500), firmware = e.one_of({ '2.1.4': 6, '2.1.3': 3, '1.9.8': 1 });

[
  {
    after: s.after,
    to: 'states',
    event: {
      device: device,
      run: e.index(),
      change: s.step,
      at: e.now('ms', s.after),
      state: s.state,
      seconds: s.dwell,
      [if s.state != 'offline' then 'signal_dbm']: e.normal(-71, 6, -110, -40, 1),
      firmware: firmware,
    },
  }
  for s in e.chain(states, 'offline', 20)
]
