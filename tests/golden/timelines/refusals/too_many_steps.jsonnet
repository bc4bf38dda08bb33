[{ after: 0, event: n } for n in std.range(0, 1000)]
