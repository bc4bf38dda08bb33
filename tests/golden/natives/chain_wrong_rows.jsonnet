// One of the machines has a state that does not exist: only its events raise.
local get_chain = std.native('get_chain');
local get_one_of = std.native('get_one_of');
local states = { on: { next: { off: 1 }, dwell: { uniform: [1, 9, 0] } }, off: { dwell: 2 } };
local wrong = { on: { next: { of: 1 } }, off: {} };
{ steps: get_chain(get_one_of([states, wrong, states]), 'on') }
