local get_event_of = std.native('get_event_of'), get_index = std.native('get_index');
{ n: get_event_of('delivered', index=10 * get_index()).n }
