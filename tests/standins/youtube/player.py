"""The watch page and the player response, as far as yt-dlp reads them."""

import json
from typing import Any

from tests.standins.youtube.captions import CuedTrack
from tests.standins.youtube.scenarios import UNPLAYABLE, Behaviour, Playability, behaves
from tests.standins.youtube.videos import CHANNEL_ID, Video, video_of

Json = dict[str, Any]

_MANIFEST = "https://manifest.googlevideo.com/api/manifest/hls_variant/x.m3u8"
_ANOTHER_VIDEO = "zzzzzzzzzzz"
_NO_DETAILS = (Behaviour.PRIVATE, Behaviour.REMOVED, Behaviour.UNAVAILABLE, Behaviour.TERMINATED)


def initial_data(video_id: str) -> Json:
    """What the watch page and `/youtubei/v1/next` say around the player: here, whose video it is."""
    owner = {"videoOwnerRenderer": {"title": {"runs": [{"text": video_of(video_id).author}]}}}
    contents = [{"videoSecondaryInfoRenderer": {"owner": owner}}]
    return {
        "contents": {"twoColumnWatchNextResults": {"results": {"results": {"contents": contents}}}},
        "responseContext": {},
    }


def watch_page(video_id: str) -> str:
    """The page of a video."""
    config = _client_config("WEB", "2.20260101", number=1)
    captcha = '<div class="g-recaptcha"></div>' if behaves(video_id, Behaviour.PAGE_CAPTCHA) else ""
    return (
        f"<html><head><title>YouTube</title></head><body>{captcha}"
        f"<script>ytcfg.set({json.dumps(config)});</script>"
        f"<script>var ytInitialData = {json.dumps(initial_data(video_id))};</script>"
        f"<script>var ytInitialPlayerResponse = {json.dumps(player_response(video_id))};</script></body></html>"
    )


def embed_page() -> str:
    """The page of the embedded player."""
    config = _client_config("WEB_EMBEDDED_PLAYER", "1.20260101", number=56)
    return f"<html><script>ytcfg.set({json.dumps(config)});</script></html>"


def _client_config(name: str, version: str, *, number: int) -> Json:
    client = {"clientName": name, "clientVersion": version, "visitorData": "CgtTVEFORElO", "hl": "en"}
    return {
        "INNERTUBE_API_KEY": "AIzaSyStandIn",
        "INNERTUBE_CONTEXT": {"client": client},
        "INNERTUBE_CONTEXT_CLIENT_NAME": number,
        "VISITOR_DATA": "CgtTVEFORElO",
    }


def player_response(video_id: str) -> Json:
    """What the player API says about a video."""
    if behaves(video_id, Behaviour.WRONG_ID):
        return _playable(video_of(_ANOTHER_VIDEO))
    video = video_of(video_id)
    if video_id in UNPLAYABLE:
        return _unplayable(video, UNPLAYABLE[video_id])
    response = _playable(video)
    if behaves(video_id, Behaviour.LIVE_NOW):
        _make_live(response)
    if behaves(video_id, Behaviour.DRM):
        response["streamingData"] = {"licenseInfos": [{"drmFamily": "WIDEVINE"}], "formats": [], "adaptiveFormats": []}
    return response


def _described(video: Video, playability: Json) -> Json:
    seconds = str(video.duration)
    thumbnail = {"url": f"https://i.ytimg.com/vi/{video.video_id}/hqdefault.jpg", "width": 480, "height": 360}
    published = "2024-01-02T03:04:05-08:00"
    return {
        "playabilityStatus": playability,
        "videoDetails": {
            "videoId": video.video_id,
            "title": video.title,
            "lengthSeconds": seconds,
            "channelId": CHANNEL_ID,
            "shortDescription": video.description,
            "viewCount": "42",
            "author": video.author,
            "isLiveContent": False,
            "thumbnail": {"thumbnails": [thumbnail]},
            "keywords": ["sample"],
        },
        "microformat": {
            "playerMicroformatRenderer": {
                "lengthSeconds": seconds,
                "availableCountries": ["US"],
                "isUnlisted": False,
                "publishDate": published,
                "uploadDate": published,
                "category": "Education",
                "ownerChannelName": video.author,
            }
        },
    }


def _unplayable(video: Video, why: Playability) -> Json:
    message: Json = {"reason": {"simpleText": why.reason}}
    if why.subreason:
        message["subreason"] = {"simpleText": why.subreason}
    screen = {"playerErrorMessageRenderer": message}
    response = _described(video, {"status": why.status, "reason": why.reason, "errorScreen": screen})
    if why.status == "LIVE_STREAM_OFFLINE":
        upcoming = video.video_id != "liveend0001"
        response["videoDetails"] |= {"isUpcoming": upcoming, "isLiveContent": True}
        _broadcast(response, live=False, start="2030-01-01T00:00:00+00:00")
    elif behaves(video.video_id, *_NO_DETAILS):
        del response["videoDetails"]
    return response


def _broadcast(response: Json, *, live: bool, start: str) -> None:
    details = {"isLiveNow": live, "startTimestamp": start}
    response["microformat"]["playerMicroformatRenderer"]["liveBroadcastDetails"] = details


def _make_live(response: Json) -> None:
    response["videoDetails"] |= {"isLive": True, "isLiveContent": True, "lengthSeconds": "0"}
    response["streamingData"] = {"hlsManifestUrl": _MANIFEST}
    _broadcast(response, live=True, start="2024-01-01T00:00:00+00:00")


def _playable(video: Video) -> Json:
    response = _described(video, {"status": "OK", "playableInEmbed": True})
    response["streamingData"] = {
        "expiresInSeconds": "21540",
        "formats": [],
        "adaptiveFormats": [_audio_format(video), _picture_format(video)],
    }
    if video.tracks:
        response["captions"] = {"playerCaptionsTracklistRenderer": _track_list(video)}
    return response


def _audio_format(video: Video) -> Json:
    media = video.media()
    return {
        "itag": media.itag,
        "url": f"{_media_url(video, media.itag)}&clen={len(media.body)}",
        "mimeType": f'{media.mime_type}; codecs="{media.codec}"',
        "bitrate": round(len(media.body) * 8 / media.duration),
        "contentLength": str(len(media.body)),
        "audioSampleRate": "48000" if media.codec == "opus" else "44100",
        "audioChannels": 1,
        "approxDurationMs": str(round(media.duration * 1000)),
        "audioQuality": "AUDIO_QUALITY_MEDIUM",
    }


def _picture_format(video: Video) -> Json:
    return {
        "itag": 134,
        "url": _media_url(video, 134),
        "mimeType": 'video/mp4; codecs="avc1.4d401e"',
        "bitrate": 300_000,
        "width": 640,
        "height": 360,
        "contentLength": "1000",
        "qualityLabel": "360p",
    }


def _media_url(video: Video, itag: int) -> str:
    return f"https://rr1---sn-standin.googlevideo.com/videoplayback?id={video.video_id}&itag={itag}"


def _track_list(video: Video) -> Json:
    languages = (("fr", "French"), ("en", "English"))
    return {
        "captionTracks": [_track(video, track) for track in video.tracks],
        "audioTracks": [{"captionTrackIndices": list(range(len(video.tracks)))}],
        "translationLanguages": [
            {"languageCode": code, "languageName": {"simpleText": name}} for code, name in languages
        ],
        "defaultAudioTrackIndex": 0,
    }


def _track(video: Video, track: CuedTrack) -> Json:
    recognised = track.kind == "automatic"
    address = f"https://www.youtube.com/api/timedtext?v={video.video_id}&caps=asr&lang={track.language}"
    if recognised:
        address += "&kind=asr"
        # YouTube's experiment that wants a token for captions.
        address += "&exp=xpe" if behaves(video.video_id, Behaviour.CAPTIONS_WANT_TOKEN) else ""
    return {
        "baseUrl": address,
        "name": {"simpleText": track.language + (" (auto-generated)" if recognised else "")},
        "vssId": ("a." if recognised else ".") + track.language,
        "languageCode": track.language,
        **({"kind": "asr"} if recognised else {}),
        "isTranslatable": True,
    }
