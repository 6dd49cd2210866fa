"""Which photographs are taken."""

from __future__ import annotations

from training import manifest
from training.scenery import public_domain

COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
License: GPL-3+

Files: images/*
License: CC-BY-SA-4.0

Files: images/land/*
Copyright: Various
License: public-domain
 (Exceptions noted below.)

Files: images/land/*-author*
License: CC-BY-SA-4.0

Files:
 images/land/mountain1*
 images/land/snow0*
Copyright: Various
License: public-domain

Files: images/land/lava5*
License: CC-BY-SA-4.0
"""


def test_a_photograph_is_public_domain_only_where_no_paragraph_of_its_own_says_otherwise():
    names = ["mountain1.jpg", "mountain10-author.jpg", "snow0.jpg", "sea1.jpg", "lava5.jpg"]
    assert public_domain(COPYRIGHT, names) == ["mountain1.jpg", "sea1.jpg", "snow0.jpg"]
    assert public_domain(COPYRIGHT.partition("Files: images/land/*\n")[0], names) == []


def test_the_shipped_weights_learned_from_nothing_that_must_not_be_trained_on():
    assert manifest.refused(manifest.read()) == []
