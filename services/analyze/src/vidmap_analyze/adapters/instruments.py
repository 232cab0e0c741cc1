"""Puts the libraries together to what the analysis asks for."""

from pathlib import Path

from vidmap_analyze.adapters.nouns import noun_phrases, stop_words
from vidmap_analyze.adapters.terms import term_gram
from vidmap_analyze.domain.instruments import Instruments
from vidmap_encoder import Encoder


def load_instruments(model: Path | None) -> Instruments:
    """Load the encoder and the rest.

    Args:
        model: directory of the embedding model; None to do without.

    Raises:
        EncoderError: the model is missing or broken.
    """
    encode = None if model is None else Encoder(model).encode
    return Instruments(term_gram=term_gram, noun_phrases=noun_phrases, stop_words=stop_words, encode=encode)
