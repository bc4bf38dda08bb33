// Runs of a delivery pipeline: stages in order, up to the one that failed; built with the library folder.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local names = ['build', 'test', 'scan', 'staging', 'production'];
local reached = get_one_of([2, 3, 5, 5, 5, 5, 5, 5]);
local failed = reached < std.length(names);
local stage(i) = {
  name: names[i],
  seconds: get_integer(10, 600),
  result: if failed && i == reached - 1 then 'failed' else 'passed',
};

{
  local commit = std.sha1(get_rand_data().uuid_digit),

  pipeline: get_integer(10000, 99999),
  repository: 'shop/' + get_one_of('api, web, search, billing'),
  branch: get_one_of(['main', 'main', 'main', 'release/%d.%d' % [get_integer(1, 3), get_integer(0, 9)]]),
  commit: { sha: commit, short: commit[:8], author: get_rand_data().first_name },
  stages: std.map(stage, std.range(0, reached - 1)),
  seconds: std.foldl(function(sum, s) sum + s.seconds, self.stages, 0),
  status: if failed then 'failed in %s' % names[reached - 1] else 'deployed',
  finished_at: get_timestamp('now', 'now', '1s'),
}
