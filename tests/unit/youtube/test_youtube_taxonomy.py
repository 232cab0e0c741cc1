"""What reports mean, without yt-dlp: above all what the stand-in cannot produce."""

import pytest

from vidmap_chassis.errors import NeedsOperatorError, PermanentError, RateLimitedError, TransientError
from vidmap_youtube import taxonomy
from vidmap_youtube.report import Action, ErrorReport, ExceptionInfo
from vidmap_youtube.taxonomy import Decision, Kind, decide

DECISIONS = [value for value in vars(taxonomy).values() if isinstance(value, Decision)]


def _report(
    message: str,
    *warnings: str,
    name: str = "ExtractorError",
    expected: bool = True,
    status: int | None = None,
    during: Action = "extract",
) -> ErrorReport:
    link = ExceptionInfo(name=name, message=message, expected=expected, status=status)
    return ErrorReport(exceptions=(link,), warnings=warnings, during=during)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("Sign in to confirm you’re not a bot. Use --cookies", "bot_check"),
        ("Sign in to confirm you're not a bot", "bot_check"),
        ("Playback error. YouTube is requiring a captcha challenge before playback", "bot_check"),
        ("Private video. Sign in if you've been granted access to this video", "private"),
        ("Video unavailable. This video is no longer available due to a copyright claim by Foo", "copyright"),
        ("Video unavailable. This video is not available", "unavailable"),
        (
            "Video unavailable. It contains content from Foo, who has blocked it in your country",
            "region_blocked",
        ),
        ("The uploader has not made this video available in your location", "region_blocked"),
        ("Join this channel from your computer or Android app to get access to members-only content", "members_only"),
        ("Requested format is not available. Use --list-formats", "format_unavailable"),
        ("is_live", "live_now"),
        ("is_upcoming", "live_upcoming"),
        ("post_live", "processing"),
        ("Something that nobody has seen before", "unplayable"),
    ],
)
def test_code_follows_from_the_reason_when_youtube_gives_one(message: str, code: str) -> None:
    assert decide(_report(message)).args[0] == code


@pytest.mark.parametrize(
    ("warning", "code"),
    [
        ("Unable to download API page: HTTP Error 429: Too Many Requests", "rate_limited"),
        ("Unable to download API page: HTTP Error 403: Forbidden", "blocked_ip"),
        ("Skipping player responses from visionos clients (got player responses for video ...)", "blocked_ip"),
        ("Unable to download API page: HTTP Error 502: Bad Gateway", "upstream_5xx"),
        ("Unable to download API page: The read operation timed out", "timeout"),
        ("Unable to download API page: Connection reset by peer", "network"),
        ("Some formats may be missing", "extractor_broken"),
    ],
)
def test_code_follows_from_the_warnings_when_yt_dlp_only_misses_formats(warning: str, code: str) -> None:
    error = decide(_report("No video formats found!", warning, expected=False))
    assert isinstance(error, TransientError)
    assert error.code == code


def test_warnings_are_ignored_when_youtube_gives_a_reason() -> None:
    assert decide(_report("This video is private", "HTTP Error 429")).code == "private"


@pytest.mark.parametrize(
    ("status", "during", "code"),
    [
        (429, "captions", "captions_rate_limited"),
        (429, "download", "rate_limited"),
        (403, "download", "media_403"),
        (404, "download", "media_unavailable"),
        (503, "download", "upstream_5xx"),
        (500, "captions", "upstream_5xx"),
    ],
)
def test_code_follows_from_the_status_when_an_address_is_refused(status: int, during: Action, code: str) -> None:
    error = decide(_report("unable to download video data", name="HTTPError", status=status, during=during))
    assert isinstance(error, TransientError)
    assert error.code == code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("ProxyError", "network"),
        ("TransportError", "network"),
        ("SSLError", "network"),
        ("GeoRestrictedError", "region_blocked"),
        ("WorkerDied", "worker_died"),
        ("KeyError", "extractor_broken"),
    ],
)
def test_code_follows_from_the_exception_when_the_words_say_nothing(name: str, code: str) -> None:
    assert decide(_report("words", name=name, expected=False)).code == code


def test_raw_words_are_kept_as_a_note_when_an_error_is_raised() -> None:
    error = decide(_report("This video is private", "a warning"))
    assert error.__notes__ == ["This video is private\na warning"]


def test_reason_is_quoted_when_it_is_unknown() -> None:
    error = decide(_report("The moon is in the wrong phase."))
    assert "this video: The moon is in the wrong phase. Watch" in error.message


def test_braces_in_a_reason_do_no_harm_when_it_is_quoted() -> None:
    assert "{0}" in decide(_report("odd {0} words")).message


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda decision: decision.code)
def test_message_is_sentences_that_say_what_to_do_when_a_decision_is_made(decision: Decision) -> None:
    error = decision.error(_report("reason"))
    kinds = {
        Kind.PERMANENT: PermanentError,
        Kind.TRANSIENT: TransientError,
        Kind.RATE_LIMITED: RateLimitedError,
        Kind.OPERATOR: NeedsOperatorError,
    }
    assert type(error) is kinds[decision.kind]
    assert error.message.endswith(".")
    assert error.message.count(". ") >= 1
    if isinstance(error, NeedsOperatorError):
        assert "YTDLP_" in error.action
    if isinstance(error, RateLimitedError):
        assert error.retry_after >= 300


def test_codes_are_unique_when_the_table_is_read() -> None:
    codes = [decision.code for decision in DECISIONS]
    assert len(codes) == len(set(codes))
