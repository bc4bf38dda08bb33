"""Builders for request bodies of `/generator/add`."""

EVENT = """
local get_integer = std.native('get_integer');
local get_rand_data = std.native('get_rand_data');
{ id: get_integer(1, 1000000000), name: get_rand_data()['first_name'], n: get_integer(1, 9) }
"""


def request(*destinations, template=EVENT, count=10, interval="1s", **event):
    """A request that schedules one event to each destination."""
    return {
        "destinations": [
            {"id": f"d{at}", "type": kind, kind: options}
            for at, (kind, options) in enumerate(destinations)
        ],
        "events": [
            {"id": "e", "template": template, "count": count, "interval": interval, **event}
        ],
        "schedules": [
            {"destination_id": f"d{at}", "event_id": "e"} for at in range(len(destinations))
        ],
    }


def merge_requests(*requests):
    """Merges requests that have one event and one destination each."""
    merged = {"destinations": [], "events": [], "schedules": []}
    for at, single in enumerate(requests):
        (destination,), (event,) = single["destinations"], single["events"]
        merged["destinations"].append(destination | {"id": f"d{at}"})
        merged["events"].append(event | {"id": f"e{at}"})
        merged["schedules"].append({"destination_id": f"d{at}", "event_id": f"e{at}"})
    return merged


def topic(name, **options):
    return ("kafka", {"topic": name, **options})


def table(name, **options):
    return ("postgres", {"table": name, **options})
