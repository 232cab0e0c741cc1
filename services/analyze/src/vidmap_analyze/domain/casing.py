"""How a transcript writes its words: names keep their capitals, ordinary words lose those of a sentence's start."""

from collections import Counter
from collections.abc import Iterable

from vidmap_analyze.domain.units import TERMINAL
from vidmap_analyze.domain.writing import words

_SHOUTED = 0.6


class Casing:
    """The most frequent casing of each word in a transcript.

    Args:
        texts: the transcript, in pieces of a sentence or more.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        inside: dict[str, Counter[str]] = {}
        opening: dict[str, Counter[str]] = {}
        for text in texts:
            for sentence in TERMINAL.split(text):
                for position, word in enumerate(words(sentence)):
                    seen = inside if position else opening
                    seen.setdefault(word.lower(), Counter())[word] += 1
        letters = "".join(word for counts in (inside, opening) for forms in counts.values() for word in forms)
        shouted = sum(letter.isupper() for letter in letters) > _SHOUTED * max(1, len(letters))
        # A word seen only where sentences begin tells nothing by its capital.
        chosen = {word: _most_frequent(forms) for word, forms in inside.items()}
        self._forms = {} if shouted else chosen

    def label(self, phrase: str) -> str:
        """A phrase in the transcript's casing, with a capital at its front."""
        cased = " ".join(self._forms.get(word.lower(), word.lower()) for word in phrase.split())
        return cased[:1].upper() + cased[1:] if cased.split(" ")[0].islower() else cased


def _most_frequent(forms: Counter[str]) -> str:
    return min(forms, key=lambda form: (-forms[form], form.isupper(), form.istitle(), form))
