// Picking lists of a warehouse: tasks along aisles, missing quantities, and the picker's rate.
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local get_timestamp = std.native('get_timestamp');

local Task = {
  sku: 'SKU-%05d' % get_integer(1, 20000),
  ordered: get_integer(1, 12),
  missing:: if get_integer(1, 15) == 1 then get_integer(1, self.ordered) else 0,
  picked: self.ordered - self.missing,
  short: self.picked < self.ordered,
};

{
  local tasks = [Task { step: step, bin: '%02d-%02d' % [step, get_integer(1, 30)] } for step in std.range(1, get_integer(2, 10))],
  local minutes = std.length(tasks) * get_integer(60, 150) / 60,

  list: get_integer(1, 9999999),
  picker: 'picker-%d' % get_integer(1, 45),
  zone: get_one_of('ambient, chilled, frozen'),
  tasks: tasks,
  units: std.sum([task.picked for task in tasks]),
  short_lines: std.length([1 for task in tasks if task.short]),
  complete: self.short_lines == 0,
  lines_per_hour: std.round(std.length(tasks) / minutes * 60),
  finished_at: get_timestamp('now', 'now', '1s'),
}
