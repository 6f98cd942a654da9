"""The two streams of a command, for anybody's eyes: no secret goes through, and no line is obeyed but on purpose."""

import io
import re
from threading import RLock
from typing import TextIO

from lambdabot.confidential import withheld

_END = re.compile(r"\r\n|\r|\n")  # where GitHub's runner begins a new line (.NET, "StreamReader.ReadLine")

# The runner trims a line before it looks for `::`, and knows an older form, `##[…]`, anywhere in it.
_COMMAND = re.compile(r"^(?=(?:[^\S\n]|[\ufeff\u180e\u200b])*::)", re.MULTILINE)
_OLDER = "##["


class ReaderGoneError(Exception):
    """Nobody reads the stream any more."""


class Log(io.TextIOBase):
    """A stream that lets lines through once they are whole, so that nothing hides in the seam of two writes."""

    def __init__(self, stream: TextIO, *, in_workflow: bool = True) -> None:
        """Write to a stream; only inside a workflow a runner reads commands out of it."""
        self._stream = stream
        self._in_workflow = in_workflow
        self._begun = ""
        self._lock = RLock()  # a finalizer may print while its thread does

    @classmethod
    def of(cls, stream: TextIO) -> "Log":
        """Return a door's stream as what it is; any other with a Log around it."""
        return stream if isinstance(stream, Log) else cls(stream)

    def write(self, text: str) -> int:
        """Take text, and let its whole lines through. Raises ReaderGoneError."""
        with self._lock:
            end = max(text.rfind("\n"), text.rfind("\r")) + 1
            if end:
                lines, self._begun = self._begun + text[:end], text[end:]
                self._emit(lines)
            else:
                self._begun += text
        return len(text)

    def command(self, line: str) -> None:
        """Write a workflow command, a line of `workflow_command.command`, for the runner to obey."""
        with self._lock:
            begun, self._begun = self._begun, ""
            self._emit(f"{begun}\n" if begun else "")
            self._send(f"{withheld(line)}\n")
        self.flush()

    def flush(self) -> None:
        """Send what is whole on its way; at a terminal, where a live line has no end, also what is not."""
        with self._lock:
            if self.isatty():
                self._emit_begun()
            self._flush()

    def end(self) -> None:
        """Let the last line through, whole or not."""
        with self._lock:
            self._emit_begun()
            self._flush()

    def isatty(self) -> bool:
        """Tell whether a person sees it at once."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """Return the stream's own file descriptor."""
        return self._stream.fileno()

    def writable(self) -> bool:
        """Tell that it can be written to."""
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]  # an attribute there
        """The stream's own."""
        return self._stream.encoding

    def _emit_begun(self) -> None:
        begun, self._begun = self._begun, ""
        self._emit(begun)

    def _emit(self, text: str) -> None:
        if text:
            text = withheld(text)
            self._send(harmless(text) if self._in_workflow else text)

    def _send(self, text: str) -> None:
        try:
            self._stream.write(text)
        except BrokenPipeError as error:
            raise ReaderGoneError from error

    def _flush(self) -> None:
        try:
            self._stream.flush()
        except BrokenPipeError as error:
            raise ReaderGoneError from error


def harmless(text: str) -> str:
    """Return lines of which GitHub's runner takes none for a command, whatever they begin with."""
    if "::" not in text and _OLDER not in text:
        return text
    return _COMMAND.sub("|", _END.sub("\n", text)).replace(_OLDER, "# #[")
