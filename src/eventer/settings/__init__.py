"""Typed configuration: flag over `EVENTER_*` environment over `eventer.toml` over default."""

from eventer.settings.load import Loaded as Loaded
from eventer.settings.load import load_settings as load_settings
from eventer.settings.model import Settings as Settings
