"""Pure: what to invoke next, statistics, recommendation and verdict. No I/O and no clock."""
