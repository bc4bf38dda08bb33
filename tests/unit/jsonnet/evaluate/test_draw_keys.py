"""Draw keys as in docs/reference/draws.md. `draw()` returns its key: [root, step, step, …]."""

from tests.unit.jsonnet.evaluation import ROOT, paths
from tests.unit.jsonnet.front_end import sites

# -- environments, applications, arguments, locals, fields ------------------------------------


def test_a_native_draws_with_the_root_key_and_its_site():
    site = dict(sites('local draw = std.native("draw"); {a: draw()}'))["draw()"]
    assert paths("{a: draw()}")["a"] == [ROOT, float(site)]


def test_two_calls_draw_independently():
    value = paths("{a: draw(), b: draw()}")
    assert value["a"] != value["b"]


def test_applying_a_function_adds_the_site_of_the_call():
    value = paths("local f() = draw(); {a: f(), b: f()}")
    assert [len(value["a"]), len(value["b"])] == [3, 3]
    assert value["a"][1] != value["b"][1], "a function called twice draws twice"
    assert value["a"][2] == value["b"][2], "at the one site in its body"


def test_calls_within_calls_chain():
    value = paths("local g() = draw(), f() = g(); {a: f()}")
    assert len(value["a"]) == 4


def test_an_argument_keeps_the_key_of_the_caller():
    value = paths("local f(x) = [x, x]; {a: f(draw())}")
    assert len(value["a"][0]) == 2
    assert value["a"][0] == value["a"][1]


def test_a_default_argument_is_written_in_the_function():
    assert len(paths("local f(x=draw()) = x; {a: f()}")["a"]) == 3


def test_a_local_used_twice_draws_once():
    value = paths("local x = draw(); {a: x, b: [x, x]}")
    assert value["a"] == value["b"][0] == value["b"][1]
    assert len(value["a"]) == 2


def test_a_local_of_a_function_has_the_key_of_the_application():
    value = paths("local f() = local x = draw(); [x, x]; {a: f()}")
    assert value["a"][0] == value["a"][1]
    assert len(value["a"][0]) == 3


def test_a_local_of_an_object_draws_once_for_all_fields():
    value = paths("{local x = draw(), a: x, b: x}")
    assert value["a"] == value["b"]


def test_a_field_keeps_the_key_of_the_place_where_its_object_is_written():
    value = paths("local f() = {x: draw()}; local o = f(); {a: o.x, b: o.x}")
    assert value["a"] == value["b"]
    assert len(value["a"]) == 3


def test_a_field_read_many_times_draws_once():
    value = paths('{type: draw(), a: self.type, b: [$.type, self["c"]], c: $["type"]}')
    assert value["type"] == value["a"] == value["b"][0] == value["b"][1]


def test_a_method_draws_at_each_call():
    value = paths("{f():: draw(), a: self.f(), b: self.f()}")
    assert value["a"] != value["b"]


def test_the_order_of_evaluation_does_not_count():
    first = paths("{a: self.z, z: draw(), m: draw()}")
    second = paths("{m: draw(), z: draw(), a: self.z}")
    assert first == second


def test_a_new_field_leaves_the_others_as_they_were():
    before = paths("{a: draw(), z: {b: draw()}}")
    after = paths("{a: draw(), n: draw(), z: {b: draw(), c: draw()}}")
    assert after["a"] == before["a"]
    assert after["z"]["b"] == before["z"]["b"]


def test_an_object_extended_outside_of_lists_keeps_its_draws():
    value = paths("local o = {x: draw(), y: 1}; {a: o, b: o + {}, c: o {y: 2}, d: (o {y: 3}).x}")
    assert value["a"]["x"] == value["b"]["x"] == value["c"]["x"] == value["d"]


def test_super_and_self_see_one_draw():
    value = paths("{x: draw()} + {a: super.x, b: self.x}")
    assert value["a"] == value["b"] == value["x"]


def test_plus_colon_adds_to_the_one_draw_of_super():
    value = paths("{x: draw()} + {x+: [0], a: super.x}")
    assert value["x"] == [*value["a"], 0]


def test_tail_calls_derive_keys_like_other_calls():
    lazy = paths("local f(n) = if n == 0 then draw() else f(n - 1); {a: f(2)}")
    strict = paths("local f(n) = if n == 0 then draw() else f(n - 1) tailstrict; {a: f(2)}")
    assert len(strict["a"]) == len(lazy["a"]) == 5


def test_a_function_as_the_whole_template_draws_like_its_body():
    assert len(paths("function(x=1) {a: draw()}")["a"]) == 2


# -- comprehensions ------------------------------------------------------------------------------


def test_elements_of_a_comprehension_add_site_and_number():
    value = paths("[draw() for x in ['a', 'b']]")
    assert [path[2] for path in value] == [0, 1]
    assert value[0][:2] == value[1][:2]
    assert len(value[0]) == 4


def test_numbers_count_before_filters():
    value = paths("[draw() for x in [1, 2, 3, 4] if x % 2 == 0]")
    assert [path[2] for path in value] == [1, 3]


def test_nested_fors_chain():
    value = paths("[draw() for x in [1, 2] for y in [1, 2]]")
    assert [(path[2], path[4]) for path in value] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert len({path[1] for path in value}) == len({path[3] for path in value}) == 1


def test_an_inner_for_sees_the_key_of_the_element_it_is_in():
    value = paths("[y for x in [1, 2] for y in [draw()]]")
    assert [path[2] for path in value] == [0, 1]


def test_an_if_sees_the_key_of_the_element_it_is_in():
    assert paths("[x for x in ['a', 'b', 'c'] if draw()[2] != 1]") == ["a", "c"]


def test_locals_and_calls_in_an_element_have_its_key():
    value = paths("local f() = draw(); [[local y = draw(); y, f()] for x in [1, 2]]")
    assert [element[0][2] for element in value] == [0, 1]
    assert [element[1][2] for element in value] == [0, 1]


def test_code_outside_a_list_keeps_its_key_inside():
    value = paths("local x = draw(), f(y) = y; {a: x, b: [[x, f(x)] for i in [1, 2]]}")
    assert value["b"] == [[value["a"], value["a"]]] * 2


def test_an_object_comprehension_counts_by_the_text_of_the_name():
    value = paths("{[k]: draw() for k in ['a', 'b']}")
    assert [value["a"][2], value["b"][2]] == ["<a>", "<b>"]
    assert len(value["a"]) == 4


def test_the_order_of_an_object_comprehension_does_not_count():
    both = paths("{[k]: draw() for k in ['a', 'b']}")
    assert paths("{[k]: draw() for k in ['b', 'a']}") == both


def test_names_and_conditions_of_an_object_comprehension_count_by_number():
    value = paths("{['n' + draw()[2]]: 1 for k in ['a', 'b'] if draw()[2] < 5}")
    assert set(value) == {"n0", "n1"}


def test_an_object_comprehension_over_several_fors_names_the_innermost():
    value = paths("{[a + b]: draw() for a in ['a', 'b'] for b in ['c', 'd']}")
    assert [value[k][2] for k in ("ac", "ad", "bc", "bd")] == [0, 0, 1, 1]
    assert [value[k][4] for k in ("ac", "ad", "bc", "bd")] == ["<ac>", "<ad>", "<bc>", "<bd>"]


def test_locals_of_an_object_comprehension_belong_to_each_key():
    value = paths("{local x = draw(), [k]: [x, x] for k in ['a', 'b']}")
    assert value["a"][0] == value["a"][1] != value["b"][0]
    assert value["a"][0][2] == "<a>"


# -- functions given to the standard library -------------------------------------------------------


def test_a_function_given_to_std_adds_site_argument_and_number():
    value = paths("std.map(function(x) draw(), ['a', 'b'])")
    assert [path[2:4] for path in value] == [[0, 0], [0, 1]]
    assert len(value[0]) == 5


def test_a_native_given_to_std_draws_with_that_key_itself():
    value = paths("std.map(function(x) [draw()], [1]) + std.makeArray(2, function(i) draw())")
    assert value[0][0][2:4] == [0, 0]
    assert [path[2:4] for path in value[1:]] == [[1, 0], [1, 1]]


def test_filters_count_elements_of_the_input():
    value = paths("std.filterMap(function(x) x > 1, function(x) draw(), [1, 2, 3])")
    assert [path[2:4] for path in value] == [[1, 1], [1, 2]]


def test_folds_count_elements_of_the_input():
    value = paths("std.foldl(function(acc, x) acc + [draw()], ['a', 'b'], [])")
    assert [path[2:4] for path in value] == [[0, 0], [0, 1]]


def test_right_folds_count_elements_of_the_input_too():
    value = paths("std.foldr(function(x, acc) acc + [draw()], ['a', 'b'], [])")
    assert [path[2:4] for path in value] == [[0, 1], [0, 0]]


def test_map_with_key_counts_by_text():
    value = paths("std.mapWithKey(function(k, v) draw(), {a: 1, b: 2})")
    assert [value["a"][2:4], value["b"][2:4]] == [[0, "<a>"], [0, "<b>"]]


def test_key_functions_count_as_called_once_an_element():
    value = paths("std.sort([1, 2, 3], keyF=function(x) -draw()[3])")
    assert value == [3, 2, 1], "the first has number 0"
    assert paths("std.sort(['b', 'a'], keyF=function(x) draw()[2])") == ["b", "a"], "argument 1"


def test_nested_std_calls_chain():
    value = paths("std.map(function(x) std.map(function(y) draw(), [1, 2]), [1, 2])")
    assert [[path[2:4], path[5:7]] for path in value[1]] == [[[0, 1], [0, 0]], [[0, 1], [0, 1]]]


def test_a_function_of_std_found_at_run_time_draws_the_same():
    direct = paths("std.map(function(x) draw(), [1])[0]")
    found = paths("[std.map, 1][0](function(x) draw(), [1])[0]")
    assert found[2:4] == direct[2:4]


# -- objects made by `+` inside list elements ------------------------------------------------------


def test_a_field_inherited_in_a_list_element_is_drawn_anew():
    value = paths("local Item = {id: draw()}; {base: Item, all: [Item {line: i} for i in [0, 1]]}")
    first, second = (item["id"] for item in value["all"])
    assert first != second
    assert value["base"]["id"] not in (first, second)


def test_the_steps_of_the_element_are_added_to_the_key_of_the_layer():
    value = paths("local Item = {id: draw()}; [[draw(), Item {}] for i in [0, 1]]")
    for number, (here, item) in enumerate(value):
        root, site, i, _ = here
        assert item["id"][:3] == [root, site, i] == [ROOT, site, number]


def test_items_agree_in_one_element_and_differ_between_elements():
    value = paths(
        "local Item = {id: draw()}; [local a = Item {x: 1}; [a.id, a {y: 2}.id] for i in [0, 1]]"
    )
    assert value[0][0] == value[0][1]
    assert value[0][0] != value[1][0]


def test_before_and_after_agree_in_the_rest():
    value = paths(
        "[local row = {id: draw(), name: draw()}; {before: row, after: row {name: 'new'}}"
        " for i in [0, 1]]"
    )
    for change in value:
        assert change["before"]["id"] == change["after"]["id"]
    assert value[0]["before"]["id"] != value[1]["before"]["id"]


def test_before_and_after_agree_outside_of_lists():
    value = paths("local row = {id: draw()}; {before: row, after: row {name: 1}}")
    assert value["before"]["id"] == value["after"]["id"]


def test_elements_of_std_functions_count_too():
    value = paths("local Item = {id: draw()}; std.map(function(i) Item {line: i}, [0, 1])")
    assert value[0]["id"] != value[1]["id"]
    assert [item["id"][2:4] for item in value] == [[0, 0], [0, 1]]


def test_nested_elements_are_all_added_in_order():
    value = paths("local Item = {id: draw()}; [[Item {} for j in [0, 1]] for i in [0, 1]]")
    assert [(item["id"][2], item["id"][4]) for row in value for item in row] == [
        (0, 0),
        (0, 1),
        (1, 0),
        (1, 1),
    ]


def test_an_element_that_the_layer_was_written_in_is_not_added_again():
    value = paths("[local Item = {id: draw()}; [Item {} for j in [0, 1]] for i in [0, 1]]")
    lengths = {len(item["id"]) for row in value for item in row}
    assert lengths == {6}, "root, (site, i), (site, j), site of the call"


def test_a_function_called_in_an_element_adds_its_elements():
    value = paths("local Item = {id: draw()}, make(i) = Item {line: i}; [make(i) for i in [0, 1]]")
    assert value[0]["id"] != value[1]["id"]


def test_plus_colon_and_nested_objects_are_drawn_anew_too():
    value = paths("local Item = {data: {id: draw()}}; [Item {data+: {line: i}} for i in [0, 1]]")
    assert value[0]["data"]["id"] != value[1]["data"]["id"]


def test_fields_of_the_right_side_written_in_the_element_keep_its_key():
    value = paths("local Item = {a: 1}; [[draw(), Item {id: draw()}] for i in [0, 1]]")
    for here, item in value:
        assert item["id"][:3] == here[:3]
        assert len(item["id"]) == 4


def test_a_shared_object_that_is_not_extended_keeps_its_draw_in_every_element():
    value = paths("local item = {id: draw()}; [item for i in [0, 1]]")
    assert value[0] == value[1]


def test_objects_of_other_elements_extended_in_one_element_stay_apart():
    value = paths(
        "local Sku = {id: draw()}, items = [{sku: Sku {x: i}} for i in [0, 1]];"
        "[[items[0] {b: 1}, items[1] {b: 1}] for j in [0]][0]"
    )
    assert value[0]["sku"]["id"] != value[1]["sku"]["id"]


def test_fields_of_an_object_comprehension_are_drawn_anew_each():
    value = paths("local o = {[k]: draw() for k in ['a', 'b']}; [o {x: 1} for i in [0, 1]]")
    drawn = [item[k] for item in value for k in ("a", "b")]
    assert len({tuple(path) for path in drawn}) == 4
    assert [path[2] for path in drawn] == ["<a>", "<b>", "<a>", "<b>"]


def test_locals_of_an_inherited_object_are_drawn_anew_with_it():
    value = paths("local Item = {local x = draw(), a: x, b: x}; [Item {} for i in [0, 1]]")
    assert value[0]["a"] == value[0]["b"] != value[1]["a"]


def test_arguments_that_a_layer_refers_to_keep_their_key():
    value = paths("local make(x) = {id: x}; local o = make(draw()); [o {} for i in [0, 1]]")
    assert value[0] == value[1]


# -- imports -------------------------------------------------------------------------------------


def test_an_imported_file_has_the_key_of_its_path():
    value = paths("{a: (import 'lib').x}", lib="{x: std.native('draw')()}")
    assert value["a"][:3] == [ROOT, "<import>", "<lib>"]
    assert len(value["a"]) == 4


def test_a_file_imported_twice_is_evaluated_once():
    value = paths(
        "local f() = import 'lib'; {a: (import 'lib').x, b: [f().x for i in [1, 2]]}",
        lib="{x: std.native('draw')()}",
    )
    assert [value["a"]] * 2 == value["b"]


def test_a_function_of_an_imported_file_draws_with_the_key_of_its_call():
    value = paths(
        "local lib = import 'lib'; {a: lib.f(), b: lib.f()}", lib="{f()::  std.native('draw')()}"
    )
    assert value["a"] != value["b"]
    assert value["a"][0] == ROOT
    assert len(value["a"]) == 3


def test_an_imported_object_extended_in_list_elements_is_drawn_anew():
    value = paths(
        "local Item = import 'item'; [Item {line: i} for i in [0, 1]]",
        item="{id: std.native('draw')()}",
    )
    assert value[0]["id"] != value[1]["id"]
    assert value[0]["id"][:3] == [ROOT, "<import>", "<item>"]
