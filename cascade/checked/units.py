"""Which measures arithmetic combines, and into what."""

from cascade.checked.model import DURATION, INT, PERCENT, Kind

MEASURES = {Kind.INT, Kind.DURATION, Kind.PERCENT}
PRODUCTS = {
    (Kind.INT, Kind.INT): INT,
    (Kind.INT, Kind.DURATION): DURATION,
    (Kind.DURATION, Kind.INT): DURATION,
    (Kind.INT, Kind.PERCENT): INT,
    (Kind.PERCENT, Kind.INT): INT,
    (Kind.DURATION, Kind.PERCENT): DURATION,
    (Kind.PERCENT, Kind.DURATION): DURATION,
}
QUOTIENTS = {
    (Kind.INT, Kind.INT): INT,
    (Kind.DURATION, Kind.INT): DURATION,
    (Kind.PERCENT, Kind.INT): PERCENT,
    (Kind.DURATION, Kind.DURATION): INT,
}
