// Answers to a survey: five questions of three kinds, some unanswered, with the share of answered questions.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local questions = [
  { id: 'q1', kind: 'scale' },
  { id: 'q2', kind: 'choice' },
  { id: 'q3', kind: 'scale' },
  { id: 'q4', kind: 'text' },
  { id: 'q5', kind: 'choice' },
];
local reply(kind) =
  if kind == 'scale' then get_integer(1, 10)
  else if kind == 'choice' then get_one_of(['yes', 'no', 'not sure'])
  else get_rand_data().sentence;
local maybe(question) = question { answer: if get_integer(1, 4) > 1 then reply(question.kind) };

{
  local all = [maybe(question) for question in questions],
  local given = [one for one in all if one.answer != null],

  response: get_rand_data().uuid_hyphenated,
  respondent: { age_group: get_one_of('18-29, 30-44, 45-64, 65+'), panel: get_integer(1, 6) },
  answers: { [one.id]: one.answer for one in given },
  answered: std.length(given),
  completion: std.length(given) / std.length(questions),
  submitted_at: get_timestamp('now-1m', 'now', '1s'),
}
