"""What the command line says reaches the server: folders, front end, other sites, certificates."""

import ssl
import subprocess

import pytest

from comfy_core.folders import ExtraFolder
from execution.cache import CacheSettings
from web.server.app import make_app
from web.server.cli import arguments, serve

FOREIGN = {"Origin": "https://studio.example", "Sec-Fetch-Site": "cross-site"}


def test_folders_are_where_the_flags_say(tmp_path) -> None:
    (tmp_path / "extra_model_paths.yaml").write_text("a:\n  loras: own\n")
    (tmp_path / "more.yaml").write_text("b:\n  loras: more\n")
    words = ["--base-directory", str(tmp_path)]
    for name in ("input", "temp", "user"):
        words += [f"--{name}-directory", str(tmp_path / f"my-{name}")]
    words += ["--extra-model-paths-config", str(tmp_path / "more.yaml")]
    folders = arguments.folders_of(arguments.parse(words))
    assert (folders.input, folders.user) == (tmp_path / "my-input", tmp_path / "my-user")
    assert folders.temp == tmp_path / "my-temp" / "temp"
    assert folders.extra == (ExtraFolder("loras", tmp_path / "own"), ExtraFolder("loras", tmp_path / "more"))


def test_a_list_of_folders_that_cannot_be_read_is_one_sentence(tmp_path, capsys) -> None:
    words = ["serve", "--base-directory", str(tmp_path), "--extra-model-paths-config", "none.yaml"]
    assert serve.serve(arguments.parse(words)) == 1
    assert capsys.readouterr().err == "cannot read none.yaml: No such file or directory\n"


def settings(*words):
    return serve.settings_of(arguments.parse(list(words)))


def test_flags_become_settings(tmp_path) -> None:
    (tmp_path / "index.html").touch()
    assert settings().own_page
    assert settings("--front-end-root", str(tmp_path)).dist == tmp_path
    assert not settings("--front-end-root", str(tmp_path)).own_page
    assert settings("--enable-cors-header").cors_origin == "*"
    assert settings("--enable-cors-header", "https://a.example").cors_origin == "https://a.example"
    with pytest.raises(serve.CannotStart, match=r"has no index\.html"):
        settings("--front-end-root", str(tmp_path / "none"))


GIB = 1 << 30


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ([], CacheSettings()),
        (["--cache-ram"], CacheSettings()),
        (["--cache-ram", "2"], CacheSettings(bytes=2 * GIB)),
        (["--cache-ram", "2", "0.5"], CacheSettings(bytes=2 * GIB, spare=GIB // 2)),
        (["--cache-classic"], CacheSettings(mode="classic")),
        (["--high-ram"], CacheSettings(mode="classic")),
        (["--cache-lru", "7"], CacheSettings(mode="lru", results=7)),
        (["--cache-none", "--debug-cache"], CacheSettings(mode="none", watch=True)),
        (["--cache-disk", "/kept", "--cache-disk-size", "3"], CacheSettings(disk="/kept", disk_bytes=3 * GIB)),
        (["--cache-lru", "7", "--cache-disk", "/kept"], CacheSettings(mode="lru", results=7, disk="/kept")),
    ],
)
def test_what_is_kept_of_nodes_that_ran_is_as_the_flags_say(words, kept) -> None:
    assert arguments.cache_settings(arguments.parse(words)) == kept


@pytest.mark.parametrize(
    "words", [["--cache-none", "--cache-classic"], ["--cache-ram", "1", "2", "3"], ["--cache-lru", "-1"]]
)
def test_flags_of_the_cache_that_make_no_sense_are_refused(words, capsys) -> None:
    with pytest.raises(SystemExit):
        arguments.parse(words)
    assert "error: " in capsys.readouterr().err


def test_there_are_as_many_workers_as_the_flag_says(monkeypatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,6")
    assert len(arguments.workers_of(arguments.parse([]))) == 1
    workers = arguments.workers_of(arguments.parse(["--workers", "3"]))
    assert [worker._settings.gpu for worker in workers] == ["4", "6", "4"]


@pytest.mark.parametrize("words", [["--workers", "0"], ["--workers", "two"], ["--workers", "2", "--in-process"]])
def test_numbers_of_workers_that_make_no_sense_are_refused(words, capsys) -> None:
    with pytest.raises(SystemExit):
        arguments.parse(words)
    assert "error: " in capsys.readouterr().err


@pytest.fixture
def certificate(tmp_path):
    key, file = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost"
    subprocess.run(
        [*command.split(), "-keyout", str(key), "-out", str(file)],
        check=True,
        capture_output=True,
    )
    return ["--tls-keyfile", str(key), "--tls-certfile", str(file)]


def test_https_needs_a_key_and_a_certificate_that_fit(certificate, tmp_path) -> None:
    assert isinstance(serve._tls(arguments.parse(certificate)), ssl.SSLContext)
    assert serve._tls(arguments.parse([])) is None
    with pytest.raises(serve.CannotStart, match="needs both"):
        serve._tls(arguments.parse(certificate[:2]))
    with pytest.raises(serve.CannotStart, match="cannot use --tls-certfile"):
        serve._tls(arguments.parse([*certificate[:2], "--tls-certfile", str(tmp_path / "none.pem")]))


@pytest.fixture
def started_with(engine, folders, dist, aiohttp_client):
    async def start(*words):
        options = arguments.parse(["--front-end-root", str(dist), *words])
        return await aiohttp_client(make_app(engine, folders, serve.settings_of(options)))

    return start


async def test_a_site_that_is_let_in_may_ask(started_with) -> None:
    client = await started_with("--enable-cors-header", "https://studio.example")
    answer = await client.get("/prompt", headers=FOREIGN)
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "https://studio.example"
    assert answer.headers["Access-Control-Allow-Headers"] == "Content-Type, Authorization"
    assert (await client.get("/prompt", headers=FOREIGN | {"Origin": "https://other.example"})).status == 403
    assert (await client.options("/prompt", headers=FOREIGN)).status == 200
    everyone = await started_with("--enable-cors-header")
    assert (await everyone.get("/prompt", headers=FOREIGN)).headers["Access-Control-Allow-Origin"] == "*"
    nobody = await started_with()
    answer = await nobody.get("/prompt", headers=FOREIGN)
    assert (answer.status, "Access-Control-Allow-Origin" in answer.headers) == (403, False)


async def test_another_front_end_may_run_its_own_scripts(started_with, client) -> None:
    other = await started_with()
    assert "unsafe-eval" in (await other.get("/")).headers["Content-Security-Policy"]
    assert "unsafe-eval" not in (await client.get("/")).headers["Content-Security-Policy"]


async def test_answers_are_compressed_when_asked(started_with, client) -> None:
    squeezed = await started_with("--enable-compress-response-body")
    for path in ("/features", "/object_info/FakeText", "/object_info"):
        answer = await squeezed.get(path, headers={"Accept-Encoding": "gzip"})
        assert answer.headers["Content-Encoding"] == "gzip"
        assert isinstance(await answer.json(), dict)
    assert "Content-Encoding" not in (await client.get("/features", headers={"Accept-Encoding": "gzip"})).headers
