"""Contrast of two colours, by WCAG's definition."""

from __future__ import annotations


def channels(colour: str) -> list[float]:
    return [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def contrast(text: str, behind: str, opacity: float = 1.0) -> float:
    """Contrast ratio by WCAG's definition, 1 to 21, of a colour on another."""
    pairs = zip(channels(text), channels(behind), strict=True)
    mixed = [opacity * a + (1 - opacity) * b for a, b in pairs]
    levels = sorted(map(luminance, (mixed, channels(behind))))
    return (levels[1] + 0.05) / (levels[0] + 0.05)


def luminance(colour: list[float]) -> float:
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
