"""TF-IDF by scikit-learn."""

from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from vidmap_analyze.domain.costs import Matrix
from vidmap_analyze.domain.instruments import StopWords
from vidmap_analyze.domain.writing import Writing

_WORD_PATTERN = r"(?u)\b[^\W\d_]{3,}\b"
_OCCURS_IN = 2
_LARGEST_VOCABULARY = 50_000


def term_gram(texts: Sequence[str], writing: Writing, stop_words: StopWords) -> Matrix:
    """The dot products of the texts' TF-IDF vectors, shape (n, n).

    Words of three letters and more, or pairs of characters for scripts without spaces; logarithmic counts, not
    scaled to length 1, so that a text that says more weighs more. All 0 where no term occurs in two texts.
    """
    vectorizer = _vectorizer(writing, stop_words)
    try:
        terms = vectorizer.fit_transform(texts)
    except ValueError:  # no term occurs twice: scikit-learn calls the vocabulary empty
        return np.zeros((len(texts), len(texts)))
    return np.asarray((terms @ terms.T).toarray(), dtype=np.float64)


def _vectorizer(writing: Writing, stop_words: StopWords) -> TfidfVectorizer:
    vectorizer = TfidfVectorizer(
        token_pattern=_WORD_PATTERN,
        stop_words=sorted(stop_words) or None,
        sublinear_tf=True,
        min_df=_OCCURS_IN,
        max_features=_LARGEST_VOCABULARY,
    )
    vectorizer.set_params(norm=None)
    if writing is Writing.SPACELESS:
        vectorizer.set_params(analyzer="char", ngram_range=(2, 2), stop_words=None, token_pattern=None)
    return vectorizer
