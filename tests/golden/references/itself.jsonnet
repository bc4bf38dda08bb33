local get_event_of = std.native('get_event_of'), get_index = std.native('get_index');
local before = get_event_of('itself', count=3);
{
  n: get_index(),
  at: std.native('get_now')(),
  before: if before != null then [before.n, before.at],
}
