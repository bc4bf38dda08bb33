local e = import 'eventer.libsonnet';
local twice(library) = [library.integer(1, 2), library.integer(1, 2)];
twice(e)
