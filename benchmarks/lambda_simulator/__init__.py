"""A simulated Lambda: public noise figures, virtual time, a seed; Rounds in, Invocations out, as from the real one."""
