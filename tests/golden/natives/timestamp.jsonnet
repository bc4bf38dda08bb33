local get_timestamp = std.native('get_timestamp');
{ a: get_timestamp('2024-01-01', '2024-01-02', '1h'), b: get_timestamp('now-1h', 'now', '1ms') }
