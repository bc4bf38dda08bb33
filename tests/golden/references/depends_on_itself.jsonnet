local get_event_of = std.native('get_event_of');
local before = get_event_of('depends_on_itself');
{ depth: if before == null then 0 else before.depth + 1 }
