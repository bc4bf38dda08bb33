"""Typed configuration: flag over `EVENTER_*` environment over `eventer.toml` over default."""

from eventer.settings.loader import LoadedSettings as LoadedSettings
from eventer.settings.loader import load_settings as load_settings
from eventer.settings.model import Settings as Settings
