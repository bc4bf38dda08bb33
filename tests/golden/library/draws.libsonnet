local e = import 'eventer.libsonnet';
{ at: e.timestamp(step='1h', start='2024-01-01', end='2024-02-01') }
