local get_chain = std.native('get_chain');
local states = { on: { next: { off: 1 }, dwell: { normal: [5] } }, off: {} };
{
  steps: get_chain(states, 'on'),
}
