"""Commands that back up and restore the data directory of a service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from eventer.cli.exit_codes import exit_with_code
from eventer.cli.options import settings_of
from eventer.cli.serve import DataDir
from eventer.cli.terminal import print_message

app = typer.Typer(help="Back up and restore the generators of a service.", no_args_is_help=True)
BackupFile = Annotated[Path, typer.Argument(metavar="FILE", help="The backup, a tar file.")]


@app.command("backup")
@exit_with_code
def backup(context: typer.Context, file: BackupFile, *, data_dir: DataDir = None) -> None:
    """Write the generators and their row files to a file. The service may be running."""
    from eventer.service import registry_backup

    saved = registry_backup.back_up(settings_of(context, data_dir=data_dir), file)
    print_message(f"{file} has {saved.generators} generators and {saved.row_files} row files")


@app.command("restore")
@exit_with_code
def restore(context: typer.Context, file: BackupFile, *, data_dir: DataDir = None) -> None:
    """Restore a backup into a data directory that has no registry."""
    from eventer.service import registry_backup

    settings = settings_of(context, data_dir=data_dir)
    restored = registry_backup.restore(settings, file)
    contents = f"{restored.generators} generators and {restored.row_files} row files"
    print_message(f"{settings.data_dir} has {contents}")
