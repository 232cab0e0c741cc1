"""The store of outlines, among the artefacts in Postgres."""

from pydantic import TypeAdapter, ValidationError

from vidmap_analyze.domain.material import Material, Outline
from vidmap_chassis.artefacts import Artefacts, artefact_key

_KIND = "outline"
# Counts up whenever the same transcript would get another outline.
STAGE_VERSION = 1
_OUTLINE = TypeAdapter(Outline)


class ArtefactStore:
    """Outlines by what shaped them: the words, the options, the model and the version of the analysis.

    Args:
        artefacts: where they are kept, for as long as the video.
        model: name of the embedding model.
    """

    def __init__(self, artefacts: Artefacts, model: str) -> None:
        self._artefacts = artefacts
        self._model = model

    async def load(self, material: Material) -> Outline | None:
        """What was kept, where this version can still read it."""
        body = await self._artefacts.get(self._key(material))
        if body is None:
            return None
        try:
            outline = _OUTLINE.validate_json(body)
        except ValidationError:
            return None
        return outline if outline.stretches else None

    async def save(self, video_id: str, material: Material, outline: Outline) -> None:
        """Keep it, in place of what was there."""
        body = _OUTLINE.dump_json(outline)
        await self._artefacts.put(self._key(material), body, kind=_KIND, video_id=video_id)

    def _key(self, material: Material) -> str:
        lines = [(line.text, line.start, line.end) for line in material.lines]
        marks = [(mark.title, mark.start) for mark in material.marks]
        asked = (material.language, material.branches, material.leaves)
        return artefact_key(_KIND, STAGE_VERSION, self._model, lines, marks, asked)
