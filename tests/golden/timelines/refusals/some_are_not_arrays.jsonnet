local e = import 'eventer.libsonnet';
if e.boolean() then [] else 'no timeline'
