"""Named extensions: generators, perceptors, objectives and symmetries.

Built-ins and other people's enter by the same door: an entry point in the group `doorways.plugins` that
names a function without arguments, which calls `register` on the registries below.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Generic, TypeVar

from doorways.errors import DoorwaysError, InputError

T = TypeVar("T")


@dataclass
class Registry(Generic[T]):
    """Things of one kind by name; `kind` is the word that error messages use."""

    kind: str
    things: dict[str, T] = field(default_factory=dict)

    def register(self, name: str, thing: T) -> T:
        """Adds `thing` under `name`; a name that is taken by another thing is an error."""
        if self.things.setdefault(name, thing) is not thing:
            raise InputError(
                f"{self.kind} {name!r} is registered twice; rename one of the two plugins' things"
            )
        return thing

    def get(self, name: str) -> T:
        """The thing called `name`; InputError with all known names otherwise."""
        load_plugins()
        if name not in self.things:
            known = ", ".join(sorted(self.things))
            raise InputError(f"unknown {self.kind} {name!r}; known are {known}")
        return self.things[name]

    def names(self) -> list[str]:
        """All names, sorted."""
        load_plugins()
        return sorted(self.things)


generators: Registry[Any] = Registry("kind of generator")
perceptors: Registry[Any] = Registry("kind of perceptor")
objectives: Registry[Any] = Registry("objective")
symmetries: Registry[Any] = Registry("symmetry")


def load_plugins() -> None:
    """Lets every installed plugin register its things, once a process; DoorwaysError naming the first one that failed."""
    if (failed := _load_plugins()) is not None:
        raise failed


@cache
def _load_plugins() -> DoorwaysError | None:
    """Loads them until one fails, and says how; the same whenever it is asked for."""
    for plugin in sorted(entry_points(group="doorways.plugins"), key=lambda entry: (entry.value, entry.name)):
        try:
            plugin.load()()
        except DoorwaysError as error:
            return error
        except Exception as error:
            package = plugin.dist.name if plugin.dist else "a package without a name"
            failed = DoorwaysError(
                f"the plugin {plugin.name} ({plugin.value}) of {package} fails ({type(error).__name__}: {error}); "
                f"update or uninstall {package}"
            )
            failed.__cause__ = error
            return failed
    return None
