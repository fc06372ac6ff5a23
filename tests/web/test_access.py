"""Who gets in: everybody on a server of one's own machine, and elsewhere who has a token, a session, and the right."""

import json
import re
import stat
from dataclasses import replace

import pytest
from aiohttp import WSServerHandshakeError

import main
from tests.waiting import until
from web.server.access.accounts import Accounts, Refused, Token, read_accounts, write_accounts
from web.server.access.patience import TRIES
from web.server.access.rights import Right, right_needed
from web.server.access.templates import Template, misfit
from web.server.app import make_app
from web.server.cli import arguments, serve
from web.server.routes import page

OWN = "the-owners-token"
STATIC = {page.asset}


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def settings(settings):
    return replace(settings, assets=True)  # for more routes


@pytest.fixture
def kept(folders):
    """Accounts on disk, changed by `with kept() as accounts`."""
    from contextlib import contextmanager

    path = folders.user / "accounts.json"

    @contextmanager
    def change():
        accounts = read_accounts(path)
        yield accounts
        write_accounts(path, accounts)

    return change


@pytest.fixture
async def guarded(engine, folders, settings, aiohttp_client):
    """A client of a server with users, which asks everybody for a token."""
    settings = replace(settings, wants_token=True, token=OWN, multi_user=True)
    return await aiohttp_client(make_app(engine, folders, settings))


# --- every route says who may use it ---


async def test_every_route_declares_the_right_it_needs(client) -> None:
    silent = {
        f"{route.method} {route.resource.canonical}"
        for route in client.app.router.routes()
        if right_needed(route.handler) is None
    }
    assert not silent


async def test_without_a_token_only_the_way_in_is_open(guarded) -> None:
    for route in guarded.app.router.routes():
        if route.method in ("*", "HEAD") or route.handler in STATIC:
            continue
        path = re.sub(r"{.*?}", "x", route.resource.canonical)
        answer = await guarded.request(route.method, path, allow_redirects=False)
        if right_needed(route.handler) is Right.OPEN:
            assert answer.status in (200, 303, 401), path
        elif path == "/":
            assert (answer.status, answer.headers["Location"]) == (302, "/login")
        else:
            assert answer.status == 401, (route.method, path)
            assert "token" in (await answer.json())["error"]["message"]


async def test_a_route_that_forgets_to_declare_serves_nobody(engine, folders, settings, aiohttp_client) -> None:
    app = make_app(engine, folders, settings)

    async def forgetful(request):
        raise AssertionError("must not be called")

    app.router._resources.insert(0, app.router.add_resource("/forgetful"))
    app.router._resources[0].add_route("GET", forgetful)
    client = await aiohttp_client(app)
    assert (await client.get("/forgetful")).status in (403, 404)


# --- tokens ---


async def test_the_owner_of_a_machine_needs_no_token(client) -> None:
    assert (await client.get("/internal/logs")).status == 200
    assert (await client.get("/queue", headers=bearer("whatever"))).status == 200


async def test_a_proxy_speaks_for_strangers_unless_the_owner_says_otherwise(client) -> None:
    assert (await client.get("/queue", headers={"X-Forwarded-For": "203.0.113.9"})).status == 401


async def test_the_printed_token_opens_everything(guarded) -> None:
    assert (await guarded.get("/internal/logs", headers=bearer(OWN))).status == 200
    assert (await guarded.get("/queue", headers=bearer("wrong"))).status == 401
    assert (await guarded.get(f"/queue?token={OWN}")).status == 401  # addresses end up in logs
    async with guarded.ws_connect(f"/ws?token={OWN}") as socket:
        assert (await socket.receive_json())["type"] == "status"
    with pytest.raises(WSServerHandshakeError):
        await guarded.ws_connect("/ws")


async def test_a_token_in_the_pages_address_becomes_a_session(guarded) -> None:
    answer = await guarded.get(f"/?token={OWN}", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert OWN not in cookie
    assert (await guarded.get("/")).status == 200
    assert (await guarded.get("/queue")).status == 200
    await guarded.post("/logout")
    assert (await guarded.get("/queue")).status == 401


async def test_a_token_to_submit_does_no_more(guarded, kept, graph) -> None:
    with kept() as accounts:
        phone = accounts.add_token("phone", Token(hash="", submit_only=True))
    answer = await guarded.post("/prompt", json={"prompt": graph()}, headers=bearer(phone))
    assert answer.status == 200
    taken = (await answer.json())["prompt_id"]
    assert (await guarded.get(f"/history/{taken}", headers=bearer(phone))).status == 200
    for method, path in [("GET", "/queue"), ("GET", "/history"), ("POST", "/interrupt"), ("GET", "/internal/logs")]:
        assert (await guarded.request(method, path, headers=bearer(phone))).status == 403, path
    answer = await guarded.post("/login", data={"token": phone})
    assert answer.status == 401  # or it would become more


async def test_a_token_for_one_workflow_runs_nothing_else(guarded, kept, graph) -> None:
    template = Template(prompt=graph(), inputs=("1.text",))
    with kept() as accounts:
        kiosk = accounts.add_token("kiosk", Token(hash="", template=template))

    async def status(prompt):
        return (await guarded.post("/prompt", json={"prompt": prompt}, headers=bearer(kiosk))).status

    assert await status(graph(text="a pear")) == 200
    assert await status(graph(seed=5)) == 403
    assert await status({**graph(), "9": {"class_type": "FakeText", "inputs": {}}}) == 403


def test_what_fits_a_template(graph) -> None:
    template = Template(prompt=graph(), inputs=("1.text",))
    assert misfit(template, graph()) is None
    assert "may not set 1.seed; it may set: 1.text" in misfit(template, graph(seed=1))
    linked = graph(text=["2", 0])
    assert "may not set 1.text" in misfit(template, linked)
    other = graph()
    other["1"]["class_type"] = "FakeEval"
    assert "node 1 is another one" in misfit(template, other)
    more = graph()
    more["1"]["inputs"]["path"] = "/etc"
    assert "1.path" in misfit(template, more)
    assert misfit(template, [])
    assert misfit(template, {"1": None, "2": None})


# --- users ---


async def sign_in(client, name, password):
    return await client.post("/login", data={"user": name, "password": password}, allow_redirects=False)


async def test_users_sign_in_and_have_their_own_settings(guarded, kept) -> None:
    with kept() as accounts:
        accounts.add_user("ada", "correct horse", admin=False)
        accounts.add_user("bob", "battery staple", admin=True)
    assert (await sign_in(guarded, "ada", "battery staple")).status == 401
    assert (await sign_in(guarded, "ada", "correct horse")).status == 303
    assert (await guarded.post("/settings/theme", json="dark")).status == 200
    assert (await guarded.post("/userdata/workflows%2Fmine.json", data=b"{}")).status == 200
    assert (await guarded.get("/internal/logs")).status == 403
    await guarded.post("/logout")
    await sign_in(guarded, "bob", "battery staple")
    assert await (await guarded.get("/settings/theme")).json() is None
    assert (await guarded.get("/userdata/workflows%2Fmine.json")).status == 404
    assert (await guarded.get("/internal/logs")).status == 200


async def test_users_have_queues_histories_and_results_of_their_own(guarded, kept, graph, folders) -> None:
    with kept() as accounts:
        tokens = {}
        for name in ("ada", "bob"):
            accounts.add_user(name, "correct horse", admin=False)
            tokens[name] = bearer(accounts.add_token(name, Token(hash="", user=name)))

    async def run(who, **body):
        answer = await guarded.post("/prompt", json={"prompt": graph(), **body}, headers=tokens[who])
        assert answer.status == 200
        taken = (await answer.json())["prompt_id"]

        async def history():
            return await (await guarded.get(f"/history/{taken}", headers=tokens[who])).json()

        return taken, (await until(history))[taken]["outputs"]["2"]["images"][0]

    ran = {who: await run(who) for who in ("ada", "bob")}
    assets = {one[1].pop("id") for one in ran.values()}
    assert len(assets) == 2
    assert ran["ada"][1] == ran["bob"][1]  # the same words: the second was not given the first one's picture
    assert (folders.output / "ada" / ran["ada"][1]["filename"]).is_file()
    assert (folders.output / "bob" / ran["bob"][1]["filename"]).is_file()
    (folders.output / "bob" / "secret.png").write_bytes(b"bob's")
    id, picture = ran["ada"]
    hers, his = tokens["ada"], tokens["bob"]
    assert (await guarded.get("/view", params=picture, headers=hers)).status == 200
    assert (await guarded.get("/view", params={"filename": "secret.png"}, headers=hers)).status == 404
    for name in ("bob/secret.png", "../bob/secret.png"):
        assert (await guarded.get("/view", params={"filename": name}, headers=hers)).status in (400, 404)
    assert list(await (await guarded.get("/history", headers=his)).json()) == [ran["bob"][0]]
    assert [one["id"] for one in (await (await guarded.get("/api/jobs", headers=his)).json())["jobs"]] == [
        ran["bob"][0]
    ]
    assert (await guarded.get(f"/api/jobs/{id}", headers=his)).status == 404
    assert await (await guarded.get(f"/history/{id}", headers=his)).json() == {}
    await guarded.post("/history", json={"clear": True, "delete": [id]}, headers=his)
    assert list(await (await guarded.get("/history", headers=hers)).json()) == [id]
    assert list(await (await guarded.get("/history", headers=bearer(OWN))).json()) == [id]


async def test_one_user_does_not_stop_anothers_run(guarded, kept) -> None:
    with kept() as accounts:
        tokens = {}
        for name in ("ada", "bob"):
            accounts.add_user(name, "correct horse", admin=False)
            tokens[name] = bearer(accounts.add_token(name, Token(hash="", user=name)))
    slow = {
        "1": {"class_type": "FakeSteps", "inputs": {"count": 100_000, "seconds": 0.02}},
        "2": {"class_type": "FakeSave", "inputs": {"value": ["1", 0], "filename_prefix": "x", "copies": 1}},
    }
    answer = await guarded.post("/prompt", json={"prompt": slow}, headers=tokens["ada"])
    taken = (await answer.json())["prompt_id"]

    async def hers_that_run():
        return (await (await guarded.get("/queue", headers=tokens["ada"])).json())["queue_running"]

    await until(hers_that_run)
    his = await (await guarded.get("/queue", headers=tokens["bob"])).json()
    assert his == {"queue_running": [], "queue_pending": []}
    await guarded.post("/interrupt", headers=tokens["bob"])
    cancelled = await guarded.post(f"/api/jobs/{taken}/cancel", headers=tokens["bob"])
    assert await cancelled.json() == {"cancelled": False}
    assert await hers_that_run()
    cancelled = await guarded.post(f"/api/jobs/{taken}/cancel", headers=tokens["ada"])
    assert await cancelled.json() == {"cancelled": True}


async def test_nobody_takes_over_the_socket_of_another_user(guarded, kept) -> None:
    with kept() as accounts:
        accounts.add_user("ada", "correct horse", admin=False)
        token = accounts.add_token("hers", Token(hash="", user="ada"))
    async with guarded.ws_connect(f"/ws?clientId=me&token={OWN}") as socket:
        await socket.receive_json()
        with pytest.raises(WSServerHandshakeError, match="403"):
            await guarded.ws_connect(f"/ws?clientId=me&token={token}")


async def test_a_new_password_ends_the_sessions_of_the_old_one(guarded, kept) -> None:
    with kept() as accounts:
        accounts.add_user("ada", "correct horse", admin=False)
    await sign_in(guarded, "ada", "correct horse")
    assert (await guarded.get("/queue")).status == 200
    with kept() as accounts:
        accounts.add_user("ada", "another horse", admin=False)
    assert (await guarded.get("/queue")).status == 401


async def test_passwords_cannot_be_tried_without_end(guarded) -> None:
    for _ in range(TRIES):
        assert (await sign_in(guarded, "ada", "a guess")).status == 401
    assert (await sign_in(guarded, "ada", "a guess")).status == 429


async def test_forged_sessions_are_none(guarded, kept) -> None:
    with kept() as accounts:
        accounts.add_user("ada", "correct horse", admin=True)
        good = accounts.session("ada")
        old = Accounts(users=dict(accounts.users)).session("ada")  # signed with another secret
    name, _, rest = good.partition(".")
    for forged in (old, f"bob.{rest}", f"{name}.99999999999.x", "default.1.x", "..", "ada", good[:-1], "ada.x.y"):
        assert accounts.find_session(forged) is None
    assert accounts.find_session(good) == "ada"


# --- the file and the command line ---


def test_the_file_is_for_its_owner_only_and_holds_no_password(tmp_path) -> None:
    accounts = Accounts()
    accounts.add_user("ada", "correct horse", admin=False)
    token = accounts.add_token("phone", Token(hash=""))
    path = tmp_path / "accounts.json"
    write_accounts(path, accounts)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    assert "correct horse" not in text
    assert token not in text
    assert read_accounts(path) == accounts


@pytest.mark.parametrize(
    ("name", "password", "why"),
    [
        ("", "long enough", "no user name"),
        ("../x", "long enough", "no user name"),
        ("default", "long enough", "no user name"),
        ("__system", "long enough", "no user name"),
        ("ada", "short", "too short"),
    ],
)
def test_users_that_cannot_be(name, password, why) -> None:
    with pytest.raises(Refused, match=why):
        Accounts().add_user(name, password, admin=False)


def test_a_damaged_file_stops_the_start_with_a_sentence(tmp_path, folders, settings) -> None:
    folders.user.mkdir(parents=True)
    (folders.user / "accounts.json").write_text("{")
    with pytest.raises(serve.CannotStart, match="cannot be read"):
        serve.with_token(replace(settings, wants_token=True), folders)


def test_the_owners_token_is_the_same_at_every_start(folders, settings) -> None:
    settings = replace(settings, wants_token=True)
    first = serve.with_token(settings, folders).token
    assert len(first) > 30
    assert serve.with_token(settings, folders).token == first


@pytest.mark.parametrize(
    ("words", "wants"),
    [
        ([], False),
        (["--listen", "localhost"], False),
        (["--listen"], True),
        (["--listen", "192.168.1.5"], True),
        (["--listen", "--no-token"], False),
        (["--multi-user"], True),
        (["--multi-user", "--no-token"], True),
    ],
)
def test_when_a_token_is_asked_for(words, wants) -> None:
    assert serve.settings_of(arguments.parse(words)).wants_token is wants


@pytest.fixture
def say(tmp_path, capsys, monkeypatch):
    """Run a command; its exit code and what it printed."""
    import io

    def run(*words, stdin=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = main.main([*words, "--base-directory", str(tmp_path)])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


def test_users_and_tokens_are_made_at_the_terminal(say, tmp_path, graph) -> None:
    assert say("user", "add", "ada", "--password-stdin", stdin="correct horse\n")[0] == 0
    assert say("user", "list") == (0, "ada\n")
    assert say("user", "add", "eve", "--password-stdin", stdin="x\n")[0] == 1
    (tmp_path / "wf.json").write_text(json.dumps(graph()))
    made = say("token", "add", "kiosk", "--user", "ada", "--template", str(tmp_path / "wf.json"), "--allow", "1.text")
    assert made[0] == 0
    assert made[1].startswith("easel_")
    assert "may set 1.text" in say("token", "list")[1]
    assert "already" in say("token", "add", "kiosk")[1]
    assert (
        "no input '1.nope'"
        in say("token", "add", "k2", "--template", str(tmp_path / "wf.json"), "--allow", "1.nope")[1]
    )
    assert "no user 'eve'" in say("token", "add", "k3", "--user", "eve")[1]
    assert say("user", "remove", "ada")[0] == 0
    assert say("token", "list") == (0, "no tokens\n")
    assert say("token", "remove", "kiosk")[0] == 1


def test_where_nobody_can_type_a_password_the_way_out_is_told(say, monkeypatch) -> None:
    def no_terminal(prompt):
        raise EOFError

    monkeypatch.setattr("getpass.getpass", no_terminal)
    code, said = say("user", "add", "ada")
    assert code == 1
    assert said.startswith("no password was given; type it twice, or pass it in with --password-stdin")
