"""Claims: of all processes on one library, only one paints a painting at a time.

A claim is a lease. Who paints renews it (`beat`); if the process dies, the lease runs out, or is seen to be a dead
process's, and the next claim gets the painting.
"""

from __future__ import annotations

import time

from doorways.errors import DoorwaysError, InputError
from doorways.library.entry import AT_REST, TO_GO_ON_WITH, Entry, must_be_one_of, utc_now
from doorways.library.store import Store
from doorways.library.workers import is_dead

LEASE_S = 120.0
"""How long a claim lasts if it is not renewed."""


class ClaimLost(DoorwaysError):
    """Somebody else paints the painting by now: stop, and keep nothing of it in the library."""


class PainterLost(DoorwaysError):
    """The process that painted is gone; the painting can be gone on with elsewhere, from its last checkpoint."""


class Claims(Store):
    """The part of a library that hands out paintings to paint."""

    def claim(self, worker: str, *, sweep: str | None = None, lease_s: float = LEASE_S) -> Entry | None:
        """The next painting to paint, which is then `running` and `worker`'s; None if there is none.

        First come those that were interrupted, then pinned ones, then the order in which they were added.

        Args:
            worker: who will paint it; `this_worker()` lets a crash be noticed at once.
            sweep: only of this sweep.
            lease_s: seconds for which nobody else gets it; renew it with `beat`.
        """
        only = "" if sweep is None else " AND sweep = :sweep"
        with self.together():
            self._free_the_dead()
            rows = self.database.rows(
                f"""
                UPDATE paintings
                SET state = 'running', worker = :worker, lease = :lease, started = coalesce(started, :now)
                WHERE number = coalesce(
                  (SELECT number FROM paintings WHERE state = 'running' AND lease < :time{only} ORDER BY lease LIMIT 1),
                  (SELECT number FROM paintings WHERE state = 'waiting'{only} ORDER BY pinned DESC, number LIMIT 1)
                )
                RETURNING id
                """,
                {
                    "worker": worker,
                    "lease": time.time() + lease_s,
                    "time": time.time(),
                    "now": utc_now(),
                    "sweep": sweep,
                },
            )
            return self.get(rows[0]["id"]) if rows else None

    def take(self, id: str, worker: str, *, lease_s: float = LEASE_S) -> Entry:
        """Claims this very painting, whatever its state.

        Raises:
            InputError: it is finished, or somebody else is painting it.
        """
        with self.together():
            entry = self.get(id)
            if entry.state == "finished":
                raise InputError(
                    f"{entry.id}: is finished, so there is nothing to go on with; paint it anew with --recipe"
                )
            if entry.worker != worker and self.is_painted(entry.id):
                raise InputError(f"{entry.id}: is being painted by {entry.worker}; stop it there first")
            return self._update(
                entry.id,
                {
                    "state": "running",
                    "worker": worker,
                    "lease": time.time() + lease_s,
                    "started": entry.started or utc_now(),
                },
            )

    def beat(self, id: str, worker: str, step: int, *, lease_s: float = LEASE_S) -> None:
        """Says that `worker` still paints it, and how far it is.

        Raises:
            ClaimLost: it is no longer `worker`'s.
        """
        rows = self.database.rows(
            "UPDATE paintings SET lease = ?, step = ? WHERE id = ? AND state = 'running' AND worker = ? RETURNING id",
            (time.time() + lease_s, step, id, worker),
        )
        if not rows:
            raise ClaimLost(
                f"{id}: is no longer {worker}'s to paint: {self._whose(id)}; stop, it is in other hands"
            )

    def release(
        self,
        id: str,
        state: str,
        *,
        step: int | None = None,
        seconds: float = 0.0,
        rung: int | None = None,
        worker: str | None = None,
    ) -> Entry:
        """Gives a painting the state `state`, and nobody paints it any longer. A reject is not to be gone on with: it stops.

        Args:
            step: steps it has now, if given.
            seconds: what this sitting took, which is added to the others.
            rung: rungs it has passed, if given.
            worker: only if the claim is still this one's.

        Raises:
            ClaimLost: it is no longer `worker`'s.
        """
        must_be_one_of("state", state, AT_REST)
        with self.together():
            entry = self.get(id)
            if worker is not None and entry.worker != worker:
                raise ClaimLost(f"{entry.id}: is no longer {worker}'s to paint: {self._whose(entry.id)}")
            if entry.verdict == "reject" and state in TO_GO_ON_WITH:
                state = "stopped"
            values = {
                "state": state,
                "worker": None,
                "lease": None,
                "seconds": entry.seconds + seconds,
                "step": entry.step if step is None else step,
                "rung": entry.rung if rung is None else rung,
                "finished": (entry.finished or utc_now()) if state == "finished" else None,
            }
            return self._update(entry.id, values)

    def _free_the_dead(self) -> None:
        """Lets the leases of dead processes of this machine run out."""
        for row in self.database.rows("SELECT DISTINCT worker FROM paintings WHERE state = 'running'"):
            if row["worker"] and is_dead(row["worker"]):
                self.database.rows(
                    "UPDATE paintings SET lease = 0 WHERE state = 'running' AND worker = ?", (row["worker"],)
                )

    def _whose(self, id: str) -> str:
        rows = self.database.rows("SELECT state, worker FROM paintings WHERE id = ?", (id,))
        if not rows:
            return "it was deleted"
        return f"{rows[0]['worker']} paints it" if rows[0]["worker"] else f"it is {rows[0]['state']}"
