"""Which phrases are said in a stretch of units, by the means that its way of writing allows."""

from collections.abc import Sequence

from vidmap_analyze.domain.candidates import Counts, character_ngrams, phrase_counts, word_ngrams
from vidmap_analyze.domain.instruments import Instruments, StopWords
from vidmap_analyze.domain.units import Unit
from vidmap_analyze.domain.writing import Writing

_FREQUENT_SHARE = 0.15
_FREQUENT_IN_UNITS = 8


class Phrases:
    """The phrases of one transcript.

    Args:
        units: its units.
        writing: how it is written.
        stop_words: the function words of its language, as far as they are known.
        instruments: finds noun phrases in English.
    """

    def __init__(
        self, units: Sequence[Unit], writing: Writing, stop_words: StopWords, instruments: Instruments
    ) -> None:
        self._texts = [unit.text for unit in units]
        self._writing = writing
        self._found = instruments.noun_phrases(self._texts) if writing is Writing.ENGLISH else []
        self.stop_words = stop_words if writing is Writing.ENGLISH else stop_words | self._frequent()

    def counts(self, first: int, stop: int) -> Counts:
        """How often each phrase is said in units first..stop-1."""
        if self._writing is Writing.ENGLISH:
            return phrase_counts(phrase for found in self._found[first:stop] for phrase in found)
        text = "\n".join(self._texts[first:stop])
        if self._writing is Writing.SPACELESS:
            return character_ngrams(text)
        return word_ngrams(text.replace("\n", " . "), self.stop_words)

    def _frequent(self) -> StopWords:
        """Words that every other sentence has, whatever the language: its function words."""
        spread = Counts()
        for text in self._texts:
            spread.update(set(text.lower().split()))
        least = max(_FREQUENT_IN_UNITS, _FREQUENT_SHARE * len(self._texts))
        return frozenset(word for word, units in spread.items() if units >= least)
