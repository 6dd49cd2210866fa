"""A recipe: everything needed to make one painting again.

The one description of the settings: flags, TOML, PNG metadata and database rows all come from `Recipe`.
"""

from __future__ import annotations

import json
import math
import re
import secrets
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    field_validator,
    model_validator,
)

from doorways.amount import parse_bytes
from doorways.consequences import SKETCHED_STEPS, STEPS, has_sketch, is_on, stale, steps_for
from doorways.errors import InputError
from doorways.recipe_rules import check_start, check_text, check_weights
from doorways.recipe_text import read_toml, sentence, toml
from doorways.schedule import Schedule
from doorways.size import Size

GROUPS = ("Prompts", "Canvas", "Run", "Models", "Cutouts", "Objectives", "Start", "Machine")
DETAIL = {"large": 0.1, "medium": 0.2, "small": 0.7}
"""Weights of cutout sizes that `detail` stands for."""


def _numbers(value: Any) -> Any:
    """`"0.3, 0.6"`, the same in a list, as flags give it, and a lone number as lists of numbers."""
    if isinstance(value, str | int | float):
        value = [value]
    if not isinstance(value, list | tuple):
        return value
    parts = [re.split(r"[,\s]+", one.strip()) if isinstance(one, str) else [one] for one in value]
    return [part for some in parts for part in some if part != ""]


def _texts(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _assignments(value: Any) -> Any:
    """`["glow=0.3"]`, as flags give it, as `{"glow": "0.3"}`."""
    if not isinstance(value, str | list | tuple):
        return value
    pairs = [str(part).partition("=") for part in _texts(value)]
    for name, equals, weight in pairs:
        if not (name.strip() and weight.strip()):
            raise InputError(f"{name + equals + weight!r} is not NAME=WEIGHT; write for example glow=0.3")
    return {name.strip(): weight.strip() for name, _, weight in pairs}


Fractions = Annotated[tuple[float, ...], BeforeValidator(_numbers)]
Span = Annotated[tuple[float, float], BeforeValidator(_numbers)]
Specs = Annotated[tuple[str, ...], BeforeValidator(_texts)]
Weights = Annotated[dict[str, Schedule], BeforeValidator(_assignments)]
File = Annotated[Path, PlainSerializer(lambda path: path.as_posix(), return_type=str)]


def _setting(group: str, description: str, default: Any = ..., *, placeholder: str = "", **rules: Any) -> Any:
    """A field in a group of options; `placeholder` is what stands for its value in the help, if not what its type says."""
    if "default_factory" not in rules:
        rules["default"] = default
    about: dict[str, Any] = {"group": group, "placeholder": placeholder}
    return Field(description=description, json_schema_extra=about, **rules)


def _weight(group: str, description: str, default: float) -> Any:
    return _setting(group, description, Schedule.parse(default))


class Recipe(BaseModel):
    """Everything needed to make one painting again; immutable.

    `Recipe.build(...)` raises InputError with one sentence; the plain constructor pydantic's ValidationError.
    `models` ("embedded", "piece", "large") is taken as input too, and becomes `generator` and `perceptor`.
    Numbers may be given as texts. Paths are relative to the current folder. A weight is a number or a `Schedule`.

    >>> Recipe.build(prompts="fire | ocean", seed=3, size="512x256").size
    Size(width=512, height=256)
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    prompts: str = _setting("Prompts", "Worlds from left to right, parted by |: 'forest | kelp forest'.")
    style: str = _setting("Prompts", "Put after every positive prompt, such as 'by James Gurney'.", "")
    blend: Literal["linear", "smooth", "plateau"] = _setting(
        "Prompts", "How one prompt's share gives way to the next one's.", "linear"
    )
    transition: float = _setting(
        "Prompts", "Width of a plateau's slope: a fraction of the way between two prompts.", 0.2, gt=0, le=1
    )
    spread: float = _setting(
        "Prompts", "How far prompts at @x,y reach, in canvas heights.", 0.35, gt=0, le=100
    )

    size: Size = _setting("Canvas", "Width x height in pixels.", Size(768, 384))
    start_size: Size | None = _setting(
        "Canvas",
        "Canvas to begin on; if not given half of size, or all of it for a sketch or a picture to start from.",
        None,
    )
    grow_at: Fractions = _setting(
        "Canvas", "Fractions of the run at which the canvas grows, if it begins on a smaller one.", (0.6,)
    )
    grow_noise: float = _setting(
        "Canvas",
        "Share of the latent that begins anew when the canvas grows: crisper, where few steps are left.",
        0,
        ge=0,
        lt=1,
    )

    wrap: bool = _setting(
        "Canvas", "A view all around: the right edge goes on at the left one, for pieces too.", False
    )
    window: int = _setting(
        "Canvas",
        "Columns of pixels decoded at a step; a wider canvas is painted window by window.",
        2048,
        ge=1,
        le=65536,
    )

    steps: int = _setting(
        "Run",
        f"Steps to paint; if not given {SKETCHED_STEPS} for a sketch, {STEPS} without one.",
        None,
        placeholder="N",
        ge=1,
        le=1_000_000,
    )
    seed: int = _setting(
        "Run",
        "Number that all chance comes from; drawn if not given.",
        default_factory=lambda: secrets.randbits(32),
        ge=0,
        le=2**63 - 1,
    )
    learning_rate: Schedule | None = _setting(
        "Run",
        "Step size of the optimiser; what suits the generator and the start if not given.",
        None,
        placeholder="RATE",
    )
    averaging: float = _setting(
        "Run", "How slowly the picture follows the latent; 0 shows the latent itself.", 0.96, ge=0, lt=1
    )

    generator: str = _setting(
        "Models",
        "What paints: embedded, fourier, hub:owner/name, a folder or a file.",
        "embedded",
        min_length=1,
    )
    perceptor: Specs = _setting(
        "Models",
        "What judges each step: a spec, or several; '0.5 * hub:owner/name' gives a weight.",
        ("embedded",),
        min_length=1,
    )

    cutouts: int = _setting("Cutouts", "Pieces of the picture judged at each step.", 32, ge=1, le=4096)
    large: Schedule = _weight("Cutouts", "Weight of large pieces: composition.", 0.7)
    medium: Schedule = _weight("Cutouts", "Weight of medium pieces: things.", 0.25)
    small: Schedule = _weight("Cutouts", "Weight of small pieces: detail.", 0.05)
    size_range: Span | None = _setting(
        "Cutouts",
        "Smallest and largest piece, in place of these weights: fractions of the shorter side.",
        None,
    )
    overviews: int = _setting("Cutouts", "How many of the pieces show the whole canvas.", 2, ge=0, le=4096)
    border: Literal["clamp", "reflect", "wrap"] = _setting(
        "Cutouts",
        "What pieces do at the border: stay inside, or overhang and see it reflected or wrapped.",
        "clamp",
    )
    rotation: float = _setting("Cutouts", "Largest turn, in degrees.", 5.0, ge=0, le=180)
    shear: float = _setting("Cutouts", "Largest shear, in half sides.", 0.04, ge=0, le=1)
    perspective: float = _setting("Cutouts", "Largest tilt.", 0.04, ge=0, le=0.4)
    blur: float = _setting(
        "Cutouts", "Largest blur, as a fraction of the piece's side.", 0.005, ge=0, le=0.25
    )
    noise: float = _setting(
        "Cutouts", "Largest deviation of noise; the picture's range is 1.", 0.03, ge=0, le=1
    )
    colour: float = _setting(
        "Cutouts", "Largest relative change of brightness, contrast and saturation.", 0.08, ge=0, le=1
    )

    match: Schedule = _weight("Objectives", "Weight of matching the prompts.", 1)
    symmetry: str = _setting(
        "Objectives", "What pairs places: mirror, flip, half-turn or shift:N.", "mirror", min_length=1
    )
    semantic_symmetry: Schedule = _weight(
        "Objectives", "Weight of the same things standing at paired places, each in its world.", 0
    )
    remove_mean: bool = _setting(
        "Objectives", "Take away what all pieces share before semantic symmetry compares them.", False
    )
    tone_symmetry: Schedule = _weight("Objectives", "Weight of light and dark matching at paired places.", 0)
    edge_symmetry: Schedule = _weight("Objectives", "Weight of outlines matching at paired places.", 0)
    smoothness: Schedule = _weight("Objectives", "Weight of neighbouring pixels being alike.", 0)
    objectives: Weights = _setting("Objectives", "Weights of objectives from plugins, as NAME=WEIGHT.", {})

    sketch: bool | None = _setting(
        "Start",
        "Begin with small drawings of what the prompts name; with the embedded generator, if not given.",
        None,
    )
    init_image: File | None = _setting("Start", "Picture to start from.", None)
    init_fit: Literal["crop", "fit", "stretch"] = _setting(
        "Start", "How a picture of another shape comes to fill the canvas.", "crop"
    )
    hold: Schedule = _weight("Start", "How strongly to hold on to the picture started from.", 0)
    suggest: File | None = _setting(
        "Start", "Picture that only suggests: its blurred structure, in noise.", None
    )
    mask: File | None = _setting(
        "Start", "White where the picture started from may change; the rest stays.", None
    )
    detail: bool = _setting(
        "Start", "For healing an edited picture: mostly small pieces, and no growth.", False
    )

    device: str = _setting("Machine", "auto, cpu, cuda, cuda:N or mps.", "auto")
    precision: Literal["auto", "fp32", "bf16", "fp16"] = _setting(
        "Machine", "Arithmetic of the models.", "auto"
    )
    threads: int | None = _setting(
        "Machine", "Threads on the CPU; torch decides if not given.", None, ge=1, le=1024
    )
    memory: str | None = _setting(
        "Machine",
        "Most memory to take, such as 6GB; what is free if not given.",
        None,
        placeholder="AMOUNT",
    )
    micro_batch: int | None = _setting(
        "Machine",
        "Pieces embedded at once, to save memory; if not given all, or a few of a large perceptor in fp32 on a CPU.",
        None,
        ge=1,
        le=4096,
    )
    recompute: bool | None = _setting(
        "Machine", "Save memory by decoding again on the way back; if need be, if not given.", None
    )
    compile: bool | None = _setting(
        "Machine", "Compile the models first; for long runs on CUDA, if not given.", None
    )

    @model_validator(mode="before")
    @classmethod
    def _spell_out(cls, given: Any) -> Any:
        """Spells out `models`, `wrap`, `detail`, beside which what is given wins, and steps that are not given."""
        if not isinstance(given, dict):
            return given
        given = dict(given)
        for name, value in given.items():
            check_text(name, value)
        models = given.pop("models", None)
        if models is not None:
            given |= _preset(models, beside=given)
        if is_on(given.get("wrap")) and given.get("border") is None:
            given["border"] = "wrap"
        if is_on(given.get("detail")):
            stands_for = DETAIL | {"start_size": given.get("size", cls.model_fields["size"].default)}
            given |= {name: value for name, value in stands_for.items() if given.get(name) is None}
        if given.get("steps") is None:
            given["steps"] = steps_for(sketch=has_sketch(given))
        return given

    @field_validator("learning_rate")
    @classmethod
    def _check_rate(cls, rate: Schedule | None) -> Schedule | None:
        if rate is not None and not 0 < rate.lowest <= rate.highest <= 10:
            raise ValueError("must be more than 0 and at most 10")
        return rate

    @field_validator("prompts")
    @classmethod
    def _check_prompts(cls, prompts: str) -> str:
        from doorways.prompts import parse_prompts  # the command's help does not wait for it

        parse_prompts(prompts)
        return prompts

    @field_validator("grow_at")
    @classmethod
    def _check_growth(cls, places: tuple[float, ...]) -> tuple[float, ...]:
        if not all(0 < place < 1 for place in places) or list(places) != sorted(set(places)):
            raise ValueError("must be fractions between 0 and 1, each larger than the one before")
        return places

    @field_validator("size_range")
    @classmethod
    def _check_range(cls, span: tuple[float, float] | None) -> tuple[float, float] | None:
        if span is not None and not 0 < span[0] <= span[1] <= 1:
            raise ValueError("must be two fractions, 0 < smallest <= largest <= 1")
        return span

    @field_validator("memory")
    @classmethod
    def _check_memory(cls, amount: str | None) -> str | None:
        if amount is not None:
            parse_bytes(amount)
        return amount

    @field_validator("device")
    @classmethod
    def _check_device(cls, device: str) -> str:
        if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", device):
            raise ValueError("must be auto, cpu, cuda, cuda:N or mps")
        return device

    @field_validator("perceptor")
    @classmethod
    def _check_perceptors(cls, specs: tuple[str, ...]) -> tuple[str, ...]:
        for spec in specs:
            split_weight(spec)
        return specs

    @model_validator(mode="after")
    def _fit_together(self) -> Recipe:
        if self.start_size is not None:
            check_start(self.start_size, self.size)
        if self.size_range is None:
            check_weights({"large": self.large, "medium": self.medium, "small": self.small})
        if self.wrap and self.border != "wrap":
            raise InputError(
                f"border {self.border}: a view all around has none on the left and right; leave out border, or wrap"
            )
        if self.overviews > self.cutouts:
            raise InputError(
                f"overviews {self.overviews}: they count among the cutouts, of which there are {self.cutouts}; "
                "ask for fewer of them, or for more cutouts"
            )
        if self.init_image is None and (self.mask is not None or not self.hold.is_zero):
            name = "hold" if self.mask is None else "mask"
            raise InputError(
                f"{name} says what to keep of a start picture, and none is given; give init_image too"
            )
        given = [name for name in ("init_image", "suggest", "sketch") if getattr(self, name)]
        if len(given) > 1:
            starts = " and ".join(given)
            raise InputError(f"{starts} are both given: a painting starts from one; leave one out")
        return self

    @property
    def weighted_perceptors(self) -> tuple[tuple[str, float], ...]:
        """Each perceptor's spec and weight (> 0)."""
        return tuple(split_weight(spec) for spec in self.perceptor)

    @property
    def sketches(self) -> bool:
        """Whether it begins with a sketch, where drawings are found of what its prompts say."""
        return has_sketch(dict(self))

    @classmethod
    def build(cls, **settings: Any) -> Recipe:
        """The recipe of these settings; InputError naming the setting, its value, the rule and the remedy."""
        try:
            return cls(**settings)
        except ValidationError as error:
            raise InputError(sentence(error.errors(include_url=False)[0], cls.model_fields)) from error

    def override(self, **changes: Any) -> Recipe:
        """This recipe with some settings changed; what follows from them is worked out anew (`consequences`)."""
        return Recipe.build(**_changed(dict(self), changes))

    @classmethod
    def from_file(cls, path: Path | str, **changes: Any) -> Recipe:
        """The recipe in a TOML file or inside a painted PNG, with some settings changed as in `override`.

        InputError if there is none that can be used.
        """
        toml = Path(path).suffix.lower() == ".toml"
        return cls.from_toml(path, **changes) if toml else cls.from_png(path, **changes)

    @classmethod
    def from_toml(cls, path: Path | str, **changes: Any) -> Recipe:
        """As `from_file`, from a TOML file whatever its name."""
        return cls._from(path, read_toml(path), changes)

    @classmethod
    def from_png(cls, path: Path | str, **changes: Any) -> Recipe:
        """As `from_file`, from a painted PNG whatever its name."""
        from doorways.metadata import read_metadata

        settings = read_metadata(path).recipe
        return cls._from(path, {"sketch": False} | settings, changes)  # the first ones knew of no sketches

    @classmethod
    def _from(cls, path: Path | str, settings: dict[str, Any], changes: dict[str, Any]) -> Recipe:
        try:
            return cls.build(**_changed(settings, changes))
        except InputError as error:
            raise (error if changes else InputError(f"{path}: {error}")) from error.__cause__

    def settings(self) -> dict[str, Any]:
        """All settings that are not None, as JSON values, in the order of the fields."""
        return self.model_dump(mode="json", exclude_none=True)

    def to_json(self) -> str:
        """The settings as JSON, which `Recipe.build(**json.loads(...))` reads back."""
        return json.dumps(self.settings(), ensure_ascii=False)

    def to_toml(self) -> str:
        """The settings as TOML, which `from_toml` reads back."""
        return toml(self.settings())


MACHINE = tuple(
    name
    for name, field in Recipe.model_fields.items()
    if isinstance(about := field.json_schema_extra, dict) and about["group"] == "Machine"
)
"""Settings that say how it is computed, and not what is painted."""


def split_weight(spec: str) -> tuple[str, float]:
    """A perceptor's spec and weight; the weight stands in front, since paths may end in anything.

    >>> split_weight("0.5 * hub:owner/name"), split_weight("embedded"), split_weight("./2*x")
    (('hub:owner/name', 0.5), ('embedded', 1.0), ('./2*x', 1.0))
    """
    number = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|[-+]?(?:nan|inf)"
    found = re.fullmatch(rf"\s*({number})\s*\*(.*)", spec, re.IGNORECASE | re.DOTALL)
    model, weight = (found[2].strip(), float(found[1])) if found else (spec.strip(), 1.0)
    if not model:
        raise InputError(f"perceptor {spec!r}: names no model; write embedded, a folder, or hub:owner/name")
    if not (math.isfinite(weight) and weight > 0):
        raise InputError(
            f"perceptor {spec!r}: the weight must be a number above 0; write for example 0.5 * {model}"
        )
    return model, weight


def _changed(settings: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """`settings` with `changes`, less what `changes` make stale."""
    settings, changes = dict(settings), dict(changes)
    for given in (settings, changes):
        if given.get("models") is not None:
            given |= _preset(given.pop("models"), beside=given)
    dropped = stale(settings, changes)
    return {name: value for name, value in settings.items() if name not in dropped} | changes


def _preset(name: Any, *, beside: dict[str, Any]) -> dict[str, Any]:
    """The generator and perceptor that `models` stands for."""
    from doorways.models.presets import preset

    chosen = preset(name)
    for setting in ("generator", "perceptor"):
        if beside.get(setting) is not None:
            raise InputError(f"models {name} sets {setting}, which is given too; leave one of the two out")
    specs = [spec if weight == 1 else f"{weight:g} * {spec}" for spec, weight in chosen.perceptors]
    return {"generator": chosen.generator, "perceptor": specs}
