"""`cascade gate`: what a change adds to the ways to each outage, against a revision of a real repository."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from cascade.cli.exit_codes import ExitCode
from cascade.cli.revisions import Revision, extract_specs, find_revision

Cascade = Callable[..., object]
SHOP = """\
import parts
system shop "a shop" {
  redundant web: 2 x Server needs 1
  redundant db: 2 x Server needs 1
  component checkout { needs web, db   state health: {up} = up }
  outage down "customers cannot check out" when not checkout.serving
  check masked: never down while redundancy holds
}
"""
PARTS = "component Server { repair mend { health: down -> up } }\n"
CACHE = "  component cache { repair mend { health: down -> up } }\n  outage"
BOTH = SHOP.replace("2 x Server needs 1\n  component", "2 x Server needs 2\n  component").replace(
    "check masked: never down while redundancy holds", "check masked: never down with only web while redundancy holds"
)


def git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], check=True, capture_output=True, text=True, env=os.environ)
    return done.stdout.strip()


def put(name: str, text: str) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text, "utf-8")


def commit(message: str = "change") -> str:
    git("add", "-A")
    git("commit", "-q", "-m", message)
    return git("rev-parse", "HEAD")


@pytest.fixture
def repository(cascade: Cascade, monkeypatch: pytest.MonkeyPatch) -> Cascade:
    """A repository with one commit on main, and a branch on which one stands."""
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "n")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "e")
        monkeypatch.setenv(f"GIT_{role}_DATE", "2026-01-01T00:00:00Z")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    Path("shop.cf").unlink()
    git("init", "-q", "-b", "main")
    put("specs/shop.cf", SHOP)
    put("specs/parts.cf", PARTS)
    put("cascade.toml", 'specs = ["specs/*.cf"]\n')
    commit()
    git("checkout", "-q", "-b", "change")
    return cascade


def test_report(repository: Cascade, golden: SnapshotAssertion) -> None:
    put("specs/shop.cf", BOTH.replace("needs web, db ", "needs web, db, cache ").replace("  outage", CACHE))
    result = repository("gate", "--against", "main")
    assert (result.code, result.out) == (ExitCode.UNEXPECTED, golden)
    assert max(map(len, result.out.splitlines())) <= 80


def test_an_unchanged_spec_passes(repository: Cascade) -> None:
    result = repository("gate", "--against", "main")
    assert result.code == ExitCode.OK
    assert "unchanged" in result.out


def test_without_a_revision_it_checks(repository: Cascade) -> None:
    result = repository("gate")
    assert result.code == ExitCode.OK
    assert "Against" not in result.out


def test_an_import_that_changes_counts(repository: Cascade) -> None:
    put("specs/parts.cf", PARTS.replace("{ repair", "{ fault flap { health: up -> down } repair"))
    result = repository("gate", "--against", "main")
    assert result.code == ExitCode.OK
    assert "! CF712" in result.out


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ("", ExitCode.OK),
        ("new_path_size = 2", ExitCode.UNEXPECTED),
        ("outages = { down = 2 }", ExitCode.UNEXPECTED),
        ("new_path_size = 2\noutages = { down = 1 }", ExitCode.OK),
        ("new_path_size = 3", ExitCode.UNEXPECTED),
    ],
)
def test_the_policy_decides(repository: Cascade, policy: str, code: ExitCode) -> None:
    cache = "  redundant cache: 2 x Server needs 1\n  outage"
    put("specs/shop.cf", SHOP.replace("needs web, db ", "needs web, db, cache ").replace("  outage", cache))
    put("cascade.toml", f'specs = ["specs/*.cf"]\n[gate]\nagainst = "main"\n{policy}\n')
    assert repository("gate").code == code


def test_a_policy_for_an_outage_that_there_is_not(repository: Cascade) -> None:
    put("cascade.toml", 'specs = ["specs/*.cf"]\n[gate]\noutages = { dwon = 2 }\n')
    result = repository("gate", "--against", "main")
    assert result.code == ExitCode.BAD_INPUT
    assert "cascade.toml:3:13" in result.err
    assert "did you mean `down`?" in result.err


def test_waivers_accept_new_paths(repository: Cascade) -> None:
    text = SHOP.replace("needs web, db ", "needs web, db, cache ").replace("  outage", CACHE)
    for on, code in [("", ExitCode.OK), ("on cache", ExitCode.OK), ("on web", ExitCode.UNEXPECTED)]:
        waiver = f'  waive CF711 {on} until 2027-01-31 because "known"\n}}'
        put("specs/shop.cf", text.rstrip().removesuffix("}") + waiver)
        assert repository("gate", "--against", "main", "--date", "2027-01-01").code == code, on
        assert repository("gate", "--against", "main", "--date", "2027-02-01").code == ExitCode.UNEXPECTED


def test_undetermined_is_no_success(repository: Cascade) -> None:
    put("specs/shop.cf", SHOP.replace("needs web, db ", "needs web, db, cache ").replace("  outage", CACHE))
    result = repository("gate", "--against", "main", "--max-states", "1", "--only-declared", "--check", "masked")
    assert result.code in (ExitCode.UNDETERMINED, ExitCode.UNEXPECTED)
    put("specs/shop.cf", SHOP.replace("2 x Server", "20 x Server") + "# changed\n")
    put("specs/many.cf", "")
    result = repository("gate", "--against", "main", "--max-states", "3")
    assert result.code == ExitCode.UNDETERMINED


def test_new_and_removed_outages_and_specs(repository: Cascade) -> None:
    put("specs/shop.cf", SHOP.replace("outage down", "outage broken").replace("never down", "never broken"))
    put("specs/more.cf", SHOP.replace("system shop", "system more"))
    result = repository("gate", "--against", "main")
    assert result.code == ExitCode.OK
    assert "nothing is compared for broken: it was not declared at main" in result.out
    assert "nothing is compared for down: there was no such spec at main" in " ".join(result.out.split())
    assert "this change takes down away" in result.out
    for key, said in (("new_outages", "✗ CF713"), ("removed_outages", "✗ CF714")):
        put("cascade.toml", f'specs = ["specs/*.cf"]\n[gate]\n{key} = "fail"\n')
        result = repository("gate", "--against", "main")
        assert result.code == ExitCode.UNEXPECTED
        assert said in result.out


def test_a_spec_that_is_deleted(repository: Cascade) -> None:
    put("specs/other.cf", SHOP.replace("system shop", "system other"))
    commit()
    git("checkout", "-q", "-b", "delete")
    Path("specs/shop.cf").unlink()
    result = repository("gate", "--against", "change")
    assert result.code == ExitCode.OK
    assert "specs/shop.cf  shop" in result.out
    assert "this change takes down away" in result.out
    report = json.loads(repository("gate", "--against", "change", "--format", "json").out)
    assert [f["path"] for f in report["files"]] == ["specs/other.cf", "specs/parts.cf", "specs/shop.cf"]


def test_a_spec_that_moves_is_compared(repository: Cascade) -> None:
    git("mv", "specs/shop.cf", "specs/store.cf")
    assert "unchanged" in repository("gate", "--against", "main").out
    put("specs/store.cf", BOTH)
    assert repository("gate", "--against", "main").code == ExitCode.UNEXPECTED


def test_what_others_did_meanwhile_does_not_count(repository: Cascade) -> None:
    git("checkout", "-q", "main")
    put("specs/shop.cf", SHOP.replace("2 x Server needs 1\n  component", "3 x Server needs 1\n  component"))
    commit("better")
    git("checkout", "-q", "change")
    assert "unchanged" in repository("gate", "--against", "main").out


def test_from_a_folder_below(repository: Cascade, monkeypatch: pytest.MonkeyPatch) -> None:
    put("specs/shop.cf", BOTH)
    monkeypatch.chdir("specs")
    assert repository("gate", "shop.cf", "--against", "main").code == ExitCode.UNEXPECTED
    assert repository("gate", "--against", "main").code == ExitCode.UNEXPECTED


def test_open_params_that_make_several_models_are_refused(repository: Cascade) -> None:
    opened = SHOP.replace("  redundant web: 2 x", "  param size: 2..3 = any\n  redundant web: size x")
    put("specs/shop.cf", opened)
    assert repository("gate", "--against", "main").code == ExitCode.BAD_INPUT
    commit()
    put("specs/shop.cf", SHOP)
    result = repository("gate", "--against", "HEAD")
    assert result.code == ExitCode.UNDETERMINED
    assert "open params made several models" in " ".join(result.out.split())


def test_fixes_and_params_hold_on_both_sides(repository: Cascade) -> None:
    text = SHOP.replace("  redundant web: 2 x", "  param size = 2\n  fix one { size = 1 }\n  redundant web: size x")
    put("specs/shop.cf", text)
    commit()
    put("specs/shop.cf", text + "# a remark\n")
    for arguments in (["--fix", "one"], ["--param", "size=1"]):
        result = repository("gate", "specs/shop.cf", "--against", "HEAD", *arguments)
        assert "no path of up to 1 fault to down is new" in result.out
        assert "CF711" not in result.out


def test_a_spec_that_was_wrong_before(repository: Cascade) -> None:
    put("specs/shop.cf", SHOP.replace("needs web", "needs wbe"))
    commit("wrong")
    put("specs/shop.cf", SHOP)
    result = repository("gate", "--against", "HEAD")
    assert result.code == ExitCode.OK
    assert "the spec had errors at HEAD" in " ".join(result.out.split())


@pytest.mark.parametrize("name", ["nix", "--output=x", "main:specs", "", "main..change"])
def test_revisions_that_there_are_not(repository: Cascade, name: str) -> None:
    result = repository("gate", f"--against={name}")
    assert result.code == ExitCode.BAD_INPUT
    assert "error[CF806]" in result.err
    assert not Path("x").exists()


def test_without_a_repository_or_git(cascade: Cascade, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "error[CF806]" in cascade("gate", "shop.cf", "--against", "main").err
    monkeypatch.setenv("PATH", "")
    assert "git is not installed" in " ".join(cascade("gate", "shop.cf", "--against", "main").err.split())


def test_all_formats(repository: Cascade) -> None:
    put("specs/shop.cf", BOTH)
    for name, word in [
        ("json", '"code": "CF711"'),
        ("sarif", '"ruleId": "CF711"'),
        ("junit", 'type="CF711"'),
        ("github", "title=CF711%3A this change adds"),
        ("markdown", "CF711: this change adds"),
    ]:
        result = repository("gate", "--against", "main", "--format", name)
        assert result.code == ExitCode.UNEXPECTED
        assert word in result.out


def test_old_specs_are_laid_out_and_nothing_else(repository: Cascade, tmp_path_factory: pytest.TempPathFactory) -> None:
    put("secret.txt", "no spec")
    put("a b/ü.cf", PARTS)
    Path("specs/link.cf").symlink_to("shop.cf")
    Path("specs/away.cf").symlink_to("../../../etc/passwd.cf")
    Path("specs/absolute.cf").symlink_to("/etc/passwd.cf")
    revision = find_revision(commit())
    target = tmp_path_factory.mktemp("specs")
    found = extract_specs(revision, str(target))
    assert sorted(found) == ["a b/ü.cf", "specs/link.cf", "specs/parts.cf", "specs/shop.cf"]
    assert (target / "specs/link.cf").read_text("utf-8") == SHOP
    assert sorted(p.name for p in target.rglob("*.*")) == ["link.cf", "parts.cf", "shop.cf", "ü.cf"]


def test_a_tree_without_specs(repository: Cascade, tmp_path: Path) -> None:
    empty = git("hash-object", "-t", "tree", "-w", os.devnull)
    commit_id = git("commit-tree", empty, "-m", "nothing")
    assert extract_specs(Revision(commit=commit_id, label="", root="."), str(tmp_path)) == []


def test_an_unchanged_spec_is_not_searched_again(repository: Cascade, monkeypatch: pytest.MonkeyPatch) -> None:
    put("specs/shop.cf", BOTH)
    first = repository("gate", "--against", "main")
    monkeypatch.setattr("cascade.questions.ask.load_engine", lambda _: pytest.fail("it searches"))
    second = repository("gate", "--against", "main")
    assert (first.code, second.code) == (ExitCode.UNEXPECTED, ExitCode.UNEXPECTED)
    assert "1 from the cache" in second.out
    assert second.out.replace(", 1 from the cache", "") == first.out


def test_who_keeps_verdicts(repository: Cascade, monkeypatch: pytest.MonkeyPatch) -> None:

    def is_kept(*arguments: str) -> bool:
        repository(*arguments)
        return "from the cache" in repository(*arguments).out

    assert not is_kept("check")
    assert not is_kept("gate", "--no-cache")
    assert is_kept("gate")
    assert is_kept("check", "--cache")
    put("cascade.toml", 'specs = ["specs/*.cf"]\n[cache]\nenabled = false\n')
    assert not is_kept("gate")
    put("cascade.toml", 'specs = ["specs/*.cf"]\n[cache]\nenabled = true\ndirectory = "kept"\n')
    assert is_kept("check")
    assert Path("kept").is_dir()
    assert not is_kept("check", "--no-cache")
    Path("kept/verdicts-1").chmod(0o777)
    result = repository("check")
    assert (result.code, "from the cache" in result.out) == (ExitCode.OK, False)
    assert "others can write to it" in " ".join(result.err.split())
