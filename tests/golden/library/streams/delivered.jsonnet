{ id: std.native('get_uuid')(), n: std.native('get_index')(), at: std.native('get_now')() }
