"""The stand-in itself: what tests and the demo rely on."""

import itertools
import json
import signal
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import av
import pytest
from tests.standins.youtube import YouTubeStandIn
from tests.standins.youtube.talks import COFFEE, TIDES, Talk, chapter_lines, cues


def _get(standin_proxy: str, ca_file: str | Path, url: str) -> bytes:
    context = ssl.create_default_context(cafile=str(ca_file))
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({"https": standin_proxy}), urllib.request.HTTPSHandler(context=context)
    )
    with opener.open(url, timeout=10) as response:
        return response.read()


def test_command_serves_until_sigterm_when_it_is_run() -> None:
    command = [sys.executable, "-m", "tests.standins.youtube", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        where = json.loads(process.stdout.readline())
        page = _get(where["proxy"], where["ca_file"], "https://www.youtube.com/watch?v=okmanual001")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    assert b"ytInitialPlayerResponse" in page
    assert not Path(where["ca_file"]).exists()


def test_tunnel_is_refused_when_the_host_is_not_youtube(standin: YouTubeStandIn) -> None:
    with pytest.raises(urllib.error.URLError, match="403"):
        _get(standin.proxy, standin.ca_file, "https://example.org/")


def test_requests_are_recorded_when_they_are_answered(standin: YouTubeStandIn) -> None:
    before = standin.count("/watch", "counted0001")
    _get(standin.proxy, standin.ca_file, "https://www.youtube.com/watch?v=counted0001")
    assert standin.count("/watch", "counted0001") == before + 1
    assert standin.requests[-1].host == "www.youtube.com"


@pytest.mark.parametrize(("talk", "least"), [(COFFEE, 1150), (TIDES, 1000)])
def test_talk_has_distinct_sections_when_it_is_read(talk: Talk, least: int) -> None:
    assert 5 <= len(talk.sections) <= 6
    assert len({section.heading for section in talk.sections}) == len(talk.sections)
    assert len(talk.spoken.split()) >= least


def test_captions_are_short_and_in_order_when_they_are_timed() -> None:
    lines = cues(COFFEE)
    assert all(0 < line.end - line.start <= 4 for line in lines)
    assert all(before.end <= after.start for before, after in itertools.pairwise(lines))
    assert chapter_lines(COFFEE).startswith("0:00 Where the plant grows\n")


def test_recording_is_small_mono_opus_when_it_is_shipped() -> None:
    with av.open(str(TIDES.audio)) as container:
        (stream,) = container.streams.audio
        assert stream.codec_context.name == "opus"
        assert stream.codec_context.channels == 1
        assert 360 <= (container.duration or 0) / 1_000_000 <= 480
    assert TIDES.audio.stat().st_size < 1_500_000
