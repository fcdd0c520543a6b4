"""Pictures inside the terminal: the kitty and iTerm2 protocols. Nothing is sent anywhere else (security.md, captcha)."""

from __future__ import annotations

import base64
from collections.abc import Mapping

_KITTY_CHUNK = 4096


def drawing_for(png: bytes, environ: Mapping[str, str]) -> str | None:
    """The escape sequence that draws `png` in this terminal, or None when it is not known to draw pictures."""
    if environ.get("TMUX") or environ.get("STY"):
        return None
    program = environ.get("TERM_PROGRAM", "")
    if environ.get("KITTY_WINDOW_ID") or environ.get("TERM") in ("xterm-kitty", "xterm-ghostty"):
        return _kitty(png)
    if program in ("iTerm.app", "WezTerm", "mintty", "vscode") or environ.get("LC_TERMINAL") == "iTerm2":
        return _iterm(png)
    return None


def _kitty(png: bytes) -> str:
    text = base64.standard_b64encode(png).decode("ascii")
    pieces = [text[start : start + _KITTY_CHUNK] for start in range(0, len(text), _KITTY_CHUNK)]
    frames = []
    for number, piece in enumerate(pieces):
        head = "a=T,f=100," if number == 0 else ""
        frames.append(f"\x1b_G{head}m={int(number < len(pieces) - 1)};{piece}\x1b\\")
    return "".join(frames)


def _iterm(png: bytes) -> str:
    text = base64.standard_b64encode(png).decode("ascii")
    return f"\x1b]1337;File=inline=1;size={len(png)}:{text}\x07"
