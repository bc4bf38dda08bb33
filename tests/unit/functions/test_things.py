"""Companies, jobs, products and devices: the keys of one call agree."""

import re

import numpy as np

from eventer.functions import data_files
from eventer.functions.companies import GET_COMPANY, GET_JOB
from eventer.functions.latin import latin
from eventer.functions.locales import LOCALES
from eventer.functions.spec import BatchContext
from eventer.functions.things import GET_DEVICE, GET_PRODUCT
from tests.families import family

INDEX = np.arange(1000)


def values(function, *arguments):
    return function.call(arguments).column(9, BatchContext(INDEX, INDEX)).to_list()


@family("locale", LOCALES)
def test_companies_have_a_domain_of_their_names(locale):
    rows = values(GET_COMPANY, locale)
    assert len({row["name"] for row in rows}) > 500
    for row in rows:
        domain = row["domain"].removesuffix(".example")
        assert re.fullmatch("[a-z]+(-[a-z]+)?", domain)
        if locale != "ja":
            assert all(part in latin(row["name"], locale) for part in domain.split("-"))
        mailbox, _, host = row["email"].partition("@")
        assert mailbox in {"info", "contact", "office", "sales"}
        assert host == row["domain"] == f"{domain}.example"


@family("locale", LOCALES)
def test_jobs_are_of_the_list(locale):
    assert set(values(GET_JOB, locale)) <= set(data_files.lines(f"jobs_{locale}"))


def test_the_keys_of_a_product_agree():
    products = [line.split("\t") for line in data_files.lines("products")]
    by_name = {name: (category, int(cents)) for category, name, cents in products}
    numbers = {name: number for number, (_, name, _) in enumerate(products)}
    for row in values(GET_PRODUCT):
        category, cents = by_name[row["name"]]
        assert row["category"] == category
        assert 0.7 * cents / 100 - 1 <= row["price"] <= 1.3 * cents / 100 + 1
        assert round(row["price"] * 100) % 100 in {99, 49, 0}
        number = numbers[row["name"]]
        assert re.fullmatch(rf"{category[:3].upper()}-{number:03}-[A-Z]{{3}}", row["sku"])


def test_the_keys_of_a_device_agree():
    devices = {tuple(parts[:4]): parts[4].split(" ")
               for parts in (line.split("\t") for line in data_files.lines("devices"))}  # fmt: skip
    for row in values(GET_DEVICE):
        versions = devices[row["type"], row["brand"], row["model"], row["os"]]
        assert row["os_version"] in versions
        assert re.fullmatch("[A-Z0-9]{12}", row["serial_number"])
