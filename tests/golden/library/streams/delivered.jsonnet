{ id: std.native('get_uuid')() }
