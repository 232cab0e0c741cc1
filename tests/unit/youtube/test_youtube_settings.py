"""From the environment to yt-dlp's options."""

from pathlib import Path

import pytest

from vidmap_youtube import YouTubeSettings
from vidmap_youtube.options import worker_options
from vidmap_youtube.process import worker_environment


def test_environment_is_read_when_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YTDLP_PROXY", "http://user:secret@proxy:3128")
    monkeypatch.setenv("YTDLP_PLAYER_CLIENTS", "visionos, tv ")
    monkeypatch.setenv("YTDLP_COOKIES_FILE", "")
    settings = YouTubeSettings()
    assert settings.proxy == "http://user:secret@proxy:3128"
    assert settings.player_clients == ("visionos", "tv")
    assert settings.cookies_file is None
    assert "secret" not in repr(settings)


def test_options_hold_yt_dlp_to_one_video_when_nothing_is_set(tmp_path: Path) -> None:
    options = worker_options(YouTubeSettings(), directory=tmp_path, cookies_file=None)
    assert options["allowed_extractors"] == ["youtube"]
    assert options["ignoreconfig"] is True
    assert options["cachedir"] is False
    assert options["noplaylist"] is True
    assert options["compat_opts"] == []
    assert not {"proxy", "cookiefile", "ratelimit", "js_runtimes", "extractor_args"} & set(options)


def test_options_follow_the_settings_when_they_are_set(tmp_path: Path) -> None:
    settings = YouTubeSettings(
        proxy="socks5://127.0.0.1:1",
        ca_file=tmp_path / "ca.pem",
        player_clients=("tv",),
        js_runtime="deno:/opt/deno",
        rate_limit=1000,
        sleep_requests=0.5,
    )
    options = worker_options(settings, directory=tmp_path, cookies_file=tmp_path / "c.txt")
    assert options["proxy"] == "socks5://127.0.0.1:1"
    assert options["compat_opts"] == ["no-certifi"]
    assert options["extractor_args"] == {"youtube": {"player_client": ["tv"]}}
    assert options["js_runtimes"] == {"deno": {"path": "/opt/deno"}}
    assert options["ratelimit"] == 1000
    assert options["sleep_interval_requests"] == 0.5
    assert options["cookiefile"] == str(tmp_path / "c.txt")


def test_worker_sees_no_passwords_when_the_service_has_some(tmp_path: Path) -> None:
    inherited = {"PATH": "/bin", "DATABASE_URL": "postgresql://secret", "YOUTUBE_API_KEY": "secret"}
    environment = worker_environment(inherited, tmp_path / "ca.pem")
    assert environment == {"PATH": "/bin", "SSL_CERT_FILE": str(tmp_path / "ca.pem")}
