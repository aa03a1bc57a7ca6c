"""Where a source's files come from: folders, a real HTTP server, a real S3; and what nobody gets to (F5, F9, F11)."""

import gzip
import os
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from etl import allowed, web
from etl.fetch import TRIES, Seen, fetch, objection, seen_of
from etl.origin import origin_of
from scheme.errors import AssayError, NotFetched, UsageError
from tests.etl.site import Site

FILE = b"Department code,Element,Band\r\nHR,1.1.1,Compliant\r\n"
TOKEN = "ASSAY_SECRET_OF_ASH__TOKEN_FILES"


def origin(**said):
    return origin_of(said, "source housing")


def got(tmp_path, seen=None, now=None, tenant="ASH", **said):
    """What a fetch finds in an hour, or at a moment: contents by name, what waits, and what to remember."""
    now = now or datetime.now(UTC) + timedelta(hours=1)
    to = tmp_path / f"to-{len(list(tmp_path.iterdir()))}"
    to.mkdir()
    looked, remembered = fetch(tenant, "housing", origin(**said), seen or Seen(), to, now)
    files = {file.name: file.path.read_bytes() for file in looked.files}
    assert all(file.path.parent == to for file in looked.files)
    return files, looked, Seen({name: (mark, 0) for name, mark in looked.marks.items()}, remembered)


# --- what a source may say --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({}, "exactly one of"),
        ({"folder": "/a", "url": "https://a.example/"}, "exactly one of"),
        ({"folder": "in"}, "from the root on"),
        ({"folder": "/srv/../etc"}, "no `..`"),
        ({"folder": "/srv", "token_env": TOKEN}, "unknown key `token_env`"),
        ({"folder": "/srv", "evry": "1 day"}, "did you mean every?"),
        ({"folder": "/srv", "every": "1 fortnight"}, "`every`"),
        ({"folder": "/srv", "every": "1 minute"}, "5 minutes at least"),
        ({"folder": "/srv", "at": "6am"}, "`at`"),
        ({"folder": "/srv", "every": "1 hour", "at": "06:00"}, "`at` goes with days"),
        ({"folder": "/srv", "time_zone": "Mars"}, "Europe/London or UTC"),
        ({"folder": "/srv", "strict": "yes"}, "`strict`"),
        ({"folder": "/srv", "settle_seconds": -1}, "`settle_seconds`"),
        ({"url": "file:///etc/passwd"}, "`url`"),
        ({"url": "ftp://files.example/a.csv"}, "`url`"),
        ({"url": "https://me:secret@files.example/"}, "`token_env`"),
        ({"url": "https://files.example/", "file": "../x"}, "`file`"),
        ({"store": "s3://b"}, "`store`"),
        ({"store": "s3://bucket/in"}, "needs account_env and key_env"),
        ({"store": "s3://bucket", "region": "x.evil.example/#"}, "`region`"),
        ({"store": "file:///etc"}, "`store`"),
        ({"database_env": "ASSAY_SECRET_OF_ASH__DATABASE_X"}, "`table` or `query`"),
        ({"database_env": "ASSAY_SECRET_OF_ASH__DATABASE_X", "table": 'a"; DROP'}, "`table`"),
    ],
)
def test_a_mistake_in_where_files_come_from_is_named_by_its_key(said, named):
    with pytest.raises(UsageError) as wrong:
        origin(**said)
    assert named in str(wrong.value)
    assert "source housing" in str(wrong.value)


@pytest.mark.parametrize(
    "pasted", ["eyJhbGciOi", "ASSAY_SECRET_BEFORE", "ASSAY_DATABASE_URL", "AWS_SECRET_ACCESS_KEY", TOKEN + "_FILE"]
)
def test_what_is_not_the_name_of_a_secret_is_refused_and_not_repeated(pasted):
    for said in ({"url": "https://a.example/", "token_env": pasted}, {"database_env": pasted, "table": "t"}):
        with pytest.raises(UsageError) as wrong:
            origin(**said)
        assert pasted not in str(wrong.value)


def test_a_tenant_names_its_own_secrets_alone_and_each_for_its_own_use(monkeypatch, tmp_path):
    monkeypatch.setenv("ASSAY_SECRET_OF_BEC__TOKEN_X", "theirs")
    monkeypatch.setenv("ASSAY_SECRET_OF_ASH__DATABASE_X", "postgresql://u:p@h/d")
    monkeypatch.setenv(f"{TOKEN}_FILE", str(tmp_path / "token"))
    (tmp_path / "token").write_text("a-token\n")
    assert allowed.secret("ASH", TOKEN, "TOKEN") == "a-token"
    refused = []
    for name in ("ASSAY_SECRET_OF_BEC__TOKEN_X", "ASSAY_SECRET_OF_BEC__TOKEN_NONE", "ASSAY_SECRET_OF_ASH__DATABASE_X"):
        with pytest.raises(UsageError) as wrong:
            allowed.secret("ASH", name, "TOKEN")
        refused.append(str(wrong.value))
    assert len(set(refused)) == 1  # whether another has such a secret is not told
    codes = ["A", "A_", "A__", "A-", "A--", "A_B", "A-B", "A.B", "AB", "A2D", "A_2D_", "É", "E", "A&B"]
    begins = [allowed.prefix(code) for code in codes]
    assert [(a, b) for a in begins for b in begins if a is not b and a.startswith(b)] == []
    assert allowed.prefix("ash") == allowed.prefix("ASH")


def test_what_was_seen_survives_being_kept_and_nonsense_is_nothing():
    seen = Seen({"a.csv": ("m", 2)}, {"etag": '"x"'})
    assert seen_of(seen.text()) == seen
    assert [seen_of(text) for text in ("", "[]", "{}", '{"files": 1, "remembered": 2}', "CANARY")] == [Seen()] * 5


# --- folders ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def inbox(tmp_path, monkeypatch) -> Path:
    """A folder that the operator lets ASH read."""
    (tmp_path / "in" / "ash" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "bec").mkdir()
    monkeypatch.setenv("ASSAY_FOLDERS", f"ASH={tmp_path}/in/ash:BEC={tmp_path}/in/bec")
    (tmp_path / "in" / "ash" / "a.csv").write_bytes(FILE)
    (tmp_path / "in" / "ash" / "deep" / "b.csv").write_bytes(FILE + b"x")
    (tmp_path / "in" / "bec" / "theirs.csv").write_bytes(FILE)
    return tmp_path / "in" / "ash"


def test_a_folder_gives_its_files_once_and_again_when_they_change(tmp_path, inbox):
    for name in (".hidden.csv", "~$a.xlsx", "a.csv.part"):
        (inbox / name).write_text("x")
    files, _, seen = got(tmp_path, folder=str(inbox))
    assert files == {"a.csv": FILE, "deep/b.csv": FILE + b"x"}
    assert got(tmp_path, seen, folder=str(inbox))[0] == {}
    (inbox / "a.csv").write_bytes(FILE * 2)
    assert list(got(tmp_path, seen, folder=str(inbox))[0]) == ["a.csv"]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("*.csv", ["a.csv"]),
        ("**/*.csv", ["a.csv", "deep/b.csv"]),
        ("*/*", ["deep/b.csv"]),
        ("[!a]*.csv", []),
        ("a.csv", ["a.csv"]),
    ],
)
def test_a_pattern_gives_what_fits_it(tmp_path, inbox, pattern, names):
    assert sorted(got(tmp_path, glob=f"{inbox}/{pattern}")[0]) == names


def test_a_file_that_was_touched_just_now_waits_until_nothing_touches_it(tmp_path, inbox):
    written = (inbox / "a.csv").stat().st_mtime
    os.utime(inbox / "deep" / "b.csv", (written - 999, written - 999))
    at = datetime.fromtimestamp(written, UTC)
    for later in (-3600, 0, 59):
        files, looked, _ = got(tmp_path, now=at + timedelta(seconds=later), folder=str(inbox))
        assert list(files) == (["deep/b.csv"] if later >= 0 else [])
        assert "a.csv was touched" in looked.waiting[0]
    assert len(got(tmp_path, now=at + timedelta(seconds=61), folder=str(inbox))[0]) == 2


@pytest.mark.parametrize("where", ["/etc", "/", "{in}/bec", "{in}", "{in}/ash-2", "{in}/ash/link"])
def test_a_folder_that_the_operator_did_not_allow_to_this_tenant_is_not_read(tmp_path, inbox, where):
    (inbox.parent / "ash-2").mkdir()
    (inbox / "link").symlink_to("/etc")
    with pytest.raises(UsageError, match="ASSAY_FOLDERS"):
        got(tmp_path, folder=where.replace("{in}", str(inbox.parent)))


def test_without_a_word_of_the_operator_no_folder_is_read(tmp_path, inbox, monkeypatch):
    for said in ("", str(inbox), f"=/{inbox}", "ASH="):
        monkeypatch.setenv("ASSAY_FOLDERS", said)
        with pytest.raises(UsageError, match="ASSAY_FOLDERS"):
            got(tmp_path, folder=str(inbox))


def test_links_in_a_folder_are_not_followed(tmp_path, inbox):
    (inbox / "passwd.csv").symlink_to("/etc/passwd")
    (inbox / "theirs").symlink_to(inbox.parent / "bec")
    os.mkfifo(inbox / "pipe.csv")
    assert sorted(got(tmp_path, folder=str(inbox))[0]) == ["a.csv", "deep/b.csv"]


# --- HTTP -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def site(monkeypatch):
    """A site that ASH's sources may ask as localhost, though it lies inside."""
    one = Site()
    monkeypatch.setenv("ASSAY_ALLOWED_HOSTS", f"ASH=localhost:{one.port} BEC=elsewhere.example")
    yield one
    one.close()


def test_a_file_is_fetched_with_its_token_and_only_again_when_it_changed(tmp_path, site, monkeypatch):
    monkeypatch.setenv(TOKEN, "a-token-of-ash")
    monkeypatch.setenv(f"{TOKEN}_HOST", "localhost")
    site.answers["/out/results%20%2F..csv?year=2025"] = (200, {"ETag": '"v1"'}, FILE)
    said = {"url": site.url("/out/results%20%2F..csv?year=2025"), "token_env": TOKEN}
    files, _, seen = got(tmp_path, **said)
    assert list(files.values()) == [FILE]
    assert not set("/\\") & set(next(iter(files)))
    assert site.asked[-1][1]["Authorization"] == "Bearer a-token-of-ash"
    assert got(tmp_path, seen, **said)[0] == {}
    assert site.asked[-1][1]["If-None-Match"] == '"v1"'
    site.answers["/out/results%20%2F..csv?year=2025"] = (200, {"ETag": '"v2"'}, FILE)  # the same under another mark
    files, _, seen = got(tmp_path, seen, **said)
    assert (files, seen.remembered) == ({}, {"etag": '"v2"'})


def test_a_refused_file_is_fetched_again_as_often_as_it_is_tried(tmp_path, site):
    site.answers["/a.csv"] = (200, {"ETag": '"v1"'}, FILE)
    _, _, seen = got(tmp_path, url=site.url("/a.csv"))
    mark = seen.files["a.csv"][0]
    for tries in range(TRIES + 1):
        files, _, _ = got(tmp_path, Seen({"a.csv": (mark, tries)}, seen.remembered), url=site.url("/a.csv"))
        assert bool(files) == (0 < tries < TRIES)


def test_a_token_goes_to_no_host_but_the_one_it_is_for(tmp_path, site, monkeypatch):
    monkeypatch.setenv(TOKEN, "a-token-of-ash")
    site.answers["/a.csv"] = (200, {}, FILE)
    for host in ("", "files.example"):
        monkeypatch.setenv(f"{TOKEN}_HOST", host)
        with pytest.raises(UsageError, match="_HOST") as wrong:
            got(tmp_path, url=site.url("/a.csv"), token_env=TOKEN)
        assert "a-token-of-ash" not in str(wrong.value)
    assert site.asked == []
    other = Site()
    other.answers["/b.csv"] = (200, {}, FILE)
    monkeypatch.setenv("ASSAY_ALLOWED_HOSTS", f"ASH=localhost:{site.port} ASH=127.0.0.1:{other.port}")
    monkeypatch.setenv(f"{TOKEN}_HOST", "localhost")
    site.answers["/a.csv"] = (302, {"Location": other.url("/b.csv", "127.0.0.1")}, b"")
    assert got(tmp_path, url=site.url("/a.csv"), token_env=TOKEN)[0]
    assert "Authorization" not in other.asked[0][1]
    other.close()


INSIDE = [
    "http://127.0.0.1:{port}/", "http://[::1]:{port}/", "http://0.0.0.0:{port}/", "http://127.1:{port}/",
    "http://2130706433:{port}/", "http://[::ffff:127.0.0.1]:{port}/", "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/", "http://192.168.1.1/", "http://100.64.0.1/", "http://[fd00::1]/", "http://[fe80::1]/",
    "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://nowhere.invalid/",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_nothing_inside_the_network_is_asked(tmp_path, site, address):
    asked = address.replace("{port}", str(site.port))
    with pytest.raises(NotFetched, match="is not known, or lies inside the network"):
        got(tmp_path, url=asked)
    site.answers["/a.csv"] = (302, {"Location": asked}, b"")
    with pytest.raises(NotFetched, match="is not known, or lies inside the network"):
        got(tmp_path, url=site.url("/a.csv"))
    assert [path for path, _ in site.asked] == ["/a.csv"]


def test_a_host_that_another_tenant_may_ask_is_not_asked(tmp_path, site):
    site.answers["/a.csv"] = (200, {}, FILE)
    with pytest.raises(NotFetched, match="inside the network"):
        got(tmp_path, tenant="BEC", url=site.url("/a.csv"))
    assert site.asked == []


def test_a_name_is_resolved_once_so_that_one_that_changes_its_mind_gains_nothing(tmp_path, site, monkeypatch):
    names = []

    def resolved(host, port, *args, **options):
        names.append(host)
        address = "93.184.216.34" if len(names) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    went = []
    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    monkeypatch.setattr(
        socket.socket, "connect", lambda self, address: went.append(address) or (_ for _ in ()).throw(OSError())
    )
    with pytest.raises(NotFetched, match="cannot be reached"):
        got(tmp_path, url="http://rebinding.example/")
    assert (names, went) == (["rebinding.example"], [("93.184.216.34", 80)])


@pytest.mark.parametrize(
    "onward", ["file:///etc/passwd", "ftp://localhost/a", "http://me:pw@localhost/", "http://localhost:0/", "http://[/"]
)
def test_a_redirect_to_anything_but_a_plain_address_is_not_followed(tmp_path, site, onward):
    site.answers["/a.csv"] = (302, {"Location": onward}, b"")
    with pytest.raises(NotFetched, match="sends on to an address that is not asked"):
        got(tmp_path, url=site.url("/a.csv"))


def test_a_redirect_without_end_ends(tmp_path, site):
    site.answers["/a.csv"] = (302, {"Location": "/a.csv"}, b"")
    with pytest.raises(NotFetched, match="on and on"):
        got(tmp_path, url=site.url("/a.csv"))
    assert len(site.asked) == web.REDIRECTS + 1


def test_a_packed_answer_a_half_one_and_one_without_a_size_are_refused(tmp_path, site):
    site.answers["/bomb.csv"] = (200, {"Content-Encoding": "gzip"}, gzip.compress(b"0" * 10**6))
    site.answers["/half.csv"] = (200, {"Content-Length": str(len(FILE) + 9), "Connection": "close"}, FILE)
    site.answers["/unsaid.csv"] = lambda each: each.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n" + FILE)
    site.answers["/cut.csv"] = lambda each: each.wfile.write(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nDepart\r\n"
    )
    for path, said in (
        ("bomb", "packs its answer"),
        ("half", "broke off"),
        ("unsaid", "how long"),
        ("cut", "broke off"),
    ):
        if path == "half":
            site.answers["/half.csv"] = lambda each: each.wfile.write(
                b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + FILE
            )
        with pytest.raises(NotFetched, match=said):
            got(tmp_path, url=site.url(f"/{path}.csv"))


@pytest.mark.parametrize(
    ("status", "again"), [(401, False), (403, False), (404, False), (410, False), (429, True), (500, True), (503, True)]
)
def test_what_may_get_better_is_told_from_what_does_not(tmp_path, site, status, again):
    site.answers["/a.csv?sig=very-secret"] = (status, {}, b"")
    with pytest.raises(NotFetched, match=str(status)) as wrong:
        got(tmp_path, url=site.url("/a.csv?sig=very-secret"))
    assert wrong.value.again is again
    assert "very-secret" not in str(wrong.value)


def test_a_server_that_drips_and_one_that_pours_are_cut_off(tmp_path, site):
    stop = threading.Event()

    def drips(each):
        each.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n")
        while not stop.wait(0.02):
            each.wfile.write(b"x")

    def drips_headers(each):
        each.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        while not stop.wait(0.02):
            each.wfile.write(b"x")

    site.answers |= {"/drip": drips, "/headers": drips_headers, "/pour": (200, {}, b"0" * 100_000)}
    limits = web.Limits(silence=5.0, whole=0.3, size=50_000)
    for path, said in (("/drip", "takes longer than"), ("/headers", "takes longer than"), ("/pour", "too large")):
        with pytest.raises(NotFetched, match=said):
            web.fetch(site.url(path), tmp_path / "to", inside=lambda *_: True, limits=limits)
    stop.set()


def test_a_host_that_does_not_prove_who_it_is_gets_no_token(tmp_path, site, monkeypatch):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_self_signed(tmp_path))
    site.server.socket = context.wrap_socket(site.server.socket, server_side=True)
    monkeypatch.setenv(TOKEN, "a-token-of-ash")
    monkeypatch.setenv(f"{TOKEN}_HOST", "localhost")
    with pytest.raises(NotFetched, match="does not prove who it is"):
        got(tmp_path, url=site.url("/a.csv").replace("http:", "https:"), token_env=TOKEN)
    assert site.asked == []


def _self_signed(folder: Path) -> Path:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]),
    )
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(7).not_valid_before(datetime(2020, 1, 1)).not_valid_after(datetime(2040, 1, 1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    own = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "own.pem"
    path.write_bytes(own + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return path


# --- object stores ----------------------------------------------------------------------------------------------------

STORE = "ASSAY_SECRET_OF_ASH__STORE_"


@pytest.fixture(scope="module")
def s3():
    """A real S3-compatible server of this machine; gives its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3, monkeypatch):
    """A bucket with two files below in/, and the credentials by which ASH's sources may read it."""
    client = boto3.client(
        "s3", endpoint_url=s3, aws_access_key_id="k", aws_secret_access_key="s", region_name="us-east-1"
    )
    if "ashcombe" not in [each["Name"] for each in client.list_buckets()["Buckets"]]:
        client.create_bucket(Bucket="ashcombe")
    for name in ("in/a.csv", "in/deep/b.csv", "elsewhere.csv", "in/.hidden"):
        client.put_object(Bucket="ashcombe", Key=name, Body=FILE)
    for name, value in (("ENDPOINT", s3), ("ID", "k"), ("KEY", "the-secret-key")):
        monkeypatch.setenv(STORE + name, value)
    return client


ON_S3 = {"endpoint_env": STORE + "ENDPOINT", "account_env": STORE + "ID", "key_env": STORE + "KEY"}


def test_objects_below_an_address_are_fetched_once_and_again_when_they_change(tmp_path, bucket):
    files, _, seen = got(tmp_path, store="s3://ashcombe/in", **ON_S3)
    assert files == {"a.csv": FILE, "deep/b.csv": FILE}
    assert got(tmp_path, seen, store="s3://ashcombe/in", **ON_S3)[0] == {}
    bucket.put_object(Bucket="ashcombe", Key="in/a.csv", Body=FILE * 2)
    assert got(tmp_path, seen, store="s3://ashcombe/in", **ON_S3)[0] == {"a.csv": FILE * 2}


def test_a_store_that_is_not_there_says_so_without_its_secret(tmp_path, bucket, monkeypatch):
    for place, endpoint in (
        ("s3://nowhere-at-all", os.environ[STORE + "ENDPOINT"]),
        ("s3://ashcombe", "http://127.0.0.1:9"),
    ):
        monkeypatch.setenv(STORE + "ENDPOINT", endpoint)
        with pytest.raises(NotFetched, match="object store") as wrong:
            got(tmp_path, store=place, **ON_S3)
        assert "the-secret-key" not in repr(wrong.value) + str(wrong.value.__cause__)


def test_a_store_never_gets_the_program_s_own_credentials(tmp_path, bucket, monkeypatch):
    """reliability.md F11: obstore would take them from these variables where the source names none."""
    own = {"AWS_ACCESS_KEY_ID": "PROGRAM", "AWS_SECRET_ACCESS_KEY": "OWN", "AWS_SESSION_TOKEN": "SESSION"}
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    asked = Site()
    asked.answers = {}
    monkeypatch.setenv(STORE + "ENDPOINT", f"http://127.0.0.1:{asked.port}")
    with pytest.raises(AssayError):
        got(tmp_path, store="s3://ashcombe/in", **ON_S3)
    asked.close()
    assert asked.asked
    assert not [word for word in ("PROGRAM", "SESSION") if word in str(asked.asked)]
    assert {name: os.environ[name] for name in own} == own


def test_what_speaks_against_a_source_is_said_before_it_runs(inbox, bucket, monkeypatch):
    monkeypatch.delenv(STORE + "KEY")
    assert objection("ASH", origin(folder=str(inbox))) == ""
    assert "ASSAY_FOLDERS" in objection("ASH", origin(glob="/etc/*"))
    assert "is not set" in objection("ASH", origin(store="s3://ashcombe/in", **ON_S3))
    assert "is not set" in objection("ASH", origin(url="https://files.example/", token_env=TOKEN))
    assert objection("ASH", origin(url="https://files.example/")) == ""
    assert "is not set" in objection("ASH", origin(database_env="ASSAY_SECRET_OF_ASH__DATABASE_X", table="t"))
    assert "begin with ASSAY_SECRET_OF_BEC__" in objection("BEC", origin(store="s3://ashcombe/in", **ON_S3))
