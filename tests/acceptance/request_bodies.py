"""Requests that tests post: the shape of the contract with other templates and paces."""

EVENT = """
local get_integer = std.native('get_integer');
local get_rand_data = std.native('get_rand_data');
{ id: get_integer(1, 1000000000), name: get_rand_data()['first_name'], n: get_integer(1, 9) }
"""


def request(*destinations, template=EVENT, count=10, interval="1s", **event):
    """One event scheduled to each destination."""
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


def together(*requests):
    """One request for all of these, each of one event for one destination."""
    merged = {"destinations": [], "events": [], "schedules": []}
    for at, one in enumerate(requests):
        (place,), (event,) = one["destinations"], one["events"]
        merged["destinations"].append(place | {"id": f"d{at}"})
        merged["events"].append(event | {"id": f"e{at}"})
        merged["schedules"].append({"destination_id": f"d{at}", "event_id": f"e{at}"})
    return merged


def topic(name, **options):
    return ("kafka", {"topic": name, **options})


def table(name, **options):
    return ("postgres", {"table": name, **options})
