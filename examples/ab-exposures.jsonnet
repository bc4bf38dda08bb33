// Exposures of users to experiments; the variant is a function of user and experiment, as in real systems.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_rand_data = std.native('get_rand_data');
local get_timestamp = std.native('get_timestamp');

local experiments = [
  { key: 'checkout-button', variants: ['control', 'green', 'large'] },
  { key: 'search-ranking', variants: ['control', 'bm25'] },
  { key: 'onboarding', variants: ['control', 'short', 'video', 'skip'] },
];

{
  local user = get_integer(1, 10000),
  local pick = get_integer(0, std.length(experiments) - 1),
  local experiment = experiments[pick],
  local bucket = (user * 7919 + pick * 104729) % 1000,

  exposure_id: get_rand_data().uuid_hyphenated,
  user_id: user,
  experiment: experiment.key,
  bucket: bucket,
  variant: experiment.variants[bucket % std.length(experiment.variants)],
  in_control: self.variant == 'control',
  exposed_at: get_timestamp('now', 'now', '1ms'),
  platform: get_one_of('ios, android, web, web'),
}
