import asyncio

from eventer.core.cooperative_map import cooperative_map


async def test_other_tasks_run_between_steps_and_may_change_the_items():
    items, seen = dict.fromkeys(range(10)), []

    async def change():
        while True:
            items.popitem()
            seen.append("other")
            await asyncio.sleep(0)

    other = asyncio.create_task(change())
    results = await cooperative_map(lambda item: seen.append(item) or -item, items, step=4)
    other.cancel()
    assert results == [-number for number in range(10)]
    assert seen == [0, 1, 2, 3, "other", 4, 5, 6, 7, "other", 8, 9]


async def test_few_items_are_handled_without_a_break():
    assert await cooperative_map(str, [1, 2], step=2) == ["1", "2"]
