"""The orders in which paintings can be listed."""

from __future__ import annotations

from doorways.errors import InputError

# What has no rating or score comes last: to SQLite it is the smallest.
ORDERS = {
    "created": "created, number",
    "newest": "created DESC, number DESC",
    "rating": "rating DESC, number",
    "step": "step DESC, number",
    "seconds": "seconds DESC, number",
}
SCORE = "score:"


def order_by(order: str) -> tuple[str, tuple[str, ...]]:
    """What stands after ORDER BY, and its parameters.

    >>> order_by("newest")
    ('created DESC, number DESC', ())
    """
    if order.startswith(SCORE) and len(order) > len(SCORE):
        path = f'$."{order.removeprefix(SCORE)}"'
        return "json_extract(scores, ?) DESC, number", (path,)
    if order not in ORDERS:
        raise InputError(
            f"order {order!r}: must be one of {', '.join(ORDERS)} or {SCORE}NAME, such as score:match"
        )
    return ORDERS[order], ()
