"""What keeps code that anyone may have written from everything that is not its own: functions, and builds."""
