"""Takes out of captions what nobody says: sound tags, music signs and the marks of who speaks."""

import re

_BRACKETED = re.compile(r"\[[^\]\n]{0,40}\]|【[^】\n]{0,20}】")
_SOUNDS = (
    "applause|applauds|audience|background|beep|bell|booing|breath|buzz|cheer|chuckl|clap|clears|click|cough|cross-?talk|"
    "foreign|gasp|giggl|groan|inaudible|indistinct|instrumental|intro|jingle|laugh|music|murmur|noise|outro|pause|phone|"
    "ring|scoff|sigh|silence|singing|sniff|song|sound|speak|static|unclear|unintelligible|upbeat|whisper|whistl|"
    "applaus|gelächter|lachen|musik|musique|rires|applaudissements|música|aplausos|risas|musica|applausi|risate|"
    "музыка|аплодисменты|смех|音楽|拍手|笑|音乐|掌声|笑声"
)
_SOUND = re.compile(rf"[(（][^()（）\n]{{0,30}}(?:{_SOUNDS})[^()（）\n]{{0,30}}[)）]", re.IGNORECASE)
_SIGNS = re.compile(r"[♪♫♩♬🎵🎶]+|[*#]{2,}|_{2,}")
_ARROWS = re.compile(r"(?:>|»|&gt;){2,}(?:\s*[A-Z][\w.' -]{0,30}:(?=\s))?")
_NUMBERED_SPEAKER = re.compile(r"^\s*[-–]?\s*(?:speaker|sprecher|locuteur|hablante)\s*\d*\s*:\s*", re.IGNORECASE)
_SHOUTED_SPEAKER = re.compile(r"^\s*[-–]?\s*[A-Z][A-Z.'’]+(?:[ -][A-Z][A-Z.'’]*){0,3}\s*\d{0,2}:\s+")
_DASH = re.compile(r"^\s*[-–]\s+")


def cleaned(text: str) -> str:
    """The words of one caption line, with single spaces; empty where it holds none.

    What stands in round brackets is dropped only where it names a sound: speakers put asides in them.
    """
    bare = _BRACKETED.sub(" ", text)
    bare = _SOUND.sub(" ", bare)
    bare = _SIGNS.sub(" ", bare)
    bare = _ARROWS.sub(" ", bare)
    for tag in (_NUMBERED_SPEAKER, _SHOUTED_SPEAKER, _DASH):
        bare = tag.sub(" ", bare)
    return " ".join(bare.split())
