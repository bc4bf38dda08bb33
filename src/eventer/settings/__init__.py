"""Typed configuration: flags override `EVENTER_*`, then `eventer.toml`, then defaults."""

from eventer.settings.loader import LoadedSettings as LoadedSettings
from eventer.settings.loader import load_settings as load_settings
from eventer.settings.model import Settings as Settings
