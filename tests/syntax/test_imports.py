"""Specs of several files: where imports are found, what is visible, what is reported."""

import os

import pytest

from cascade.diagnostics.diagnostic import Diagnostics
from cascade.source import SourceFile
from cascade.syntax import imports


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of specs, and a library of its own beside it."""
    library = tmp_path / "library"
    (library / "std").mkdir(parents=True)
    (library / "std" / "network.cf").write_text("component Switch { }")
    (library / "std" / "service.cf").write_text("import std.network component Service { }")
    monkeypatch.setattr(imports, "LIBRARY_ROOT", library)
    specs = tmp_path / "specs"
    specs.mkdir()
    return specs


def write(folder, **texts):
    for name, text in texts.items():
        path = folder / (name.replace("__", "/") + ".cf")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


def load(folder, name="main.cf"):
    diagnostics = Diagnostics()
    loaded = imports.load(str(folder / name), diagnostics)
    return loaded, [(d.code, d.primary.span.text, d.message) for d in diagnostics.items], diagnostics.items


def test_a_file_beside_the_importing_one(folder):
    write(
        folder, main="import a.b component M { } system s { }", a__b="import c component B { }", a__c="component C { }"
    )
    loaded, said, _ = load(folder)
    assert said == []
    assert [os.path.relpath(file.source.name, folder) for file in loaded.files] == ["main.cf", "a/b.cf", "a/c.cf"]
    assert loaded.main is loaded.files[0]
    assert [sorted(file.types) for file in loaded.files] == [["B", "C", "M"], ["B", "C"], ["C"]]
    assert [system.name.text for system in loaded.main.tree.systems] == ["s"]


def test_the_library_and_a_file_that_goes_before_it(folder):
    write(folder, main="import std.network import std.service")
    assert sorted(load(folder)[0].main.types) == ["Service", "Switch"]
    write(folder, std__network="component Mine { }")
    loaded, said, _ = load(folder)
    assert said == []
    assert sorted(loaded.main.types) == ["Mine", "Service", "Switch"]


def test_each_file_is_read_once(folder):
    write(
        folder,
        main="import a import b",
        a="import c component A { }",
        b="import c component B { }",
        c="component C { }",
    )
    loaded, said, _ = load(folder)
    assert said == []
    assert len(loaded.files) == 4
    assert loaded.files[1].types["C"] is loaded.files[2].types["C"]


def test_an_import_that_is_not_found(folder):
    write(folder, main="import std.netwrk import network import elsewhere.thing")
    _, said, items = load(folder)
    assert said == [
        ("CF004", "import std.netwrk", "there is no file for the import `std.netwrk`"),
        ("CF004", "import network", "there is no file for the import `network`"),
        ("CF004", "import elsewhere.thing", "there is no file for the import `elsewhere.thing`"),
    ]
    assert [item.help for item in items] == [
        "did you mean `std.network`?",
        "did you mean `std.network`?",
        "the library has `std.network`, `std.service`",
    ]


def test_a_link_out_of_the_folder_is_not_followed(folder):
    write(folder.parent, outside="component Outside { }")
    (folder / "inside.cf").symlink_to(folder.parent / "outside.cf")
    write(folder, main="import inside")
    loaded, said, _ = load(folder)
    assert [code for code, _, _ in said] == ["CF004"]
    assert loaded.main.types == {}


def test_an_import_cycle_is_shown(folder):
    write(folder, main="import a", a="import b component A { }", b="import a component B { }")
    loaded, said, _ = load(folder)
    names = [str(folder / name) for name in ("a.cf", "b.cf", "a.cf")]
    assert [(code, text) for code, text, _ in said] == [("CF005", "import a")]
    assert said[0][2].startswith("the imports form a cycle: ")
    assert said[0][2].count(" -> ") == 2
    assert len(names) == 3
    assert sorted(loaded.main.types) == ["A", "B"]


def test_a_file_that_imports_itself(folder):
    write(folder, main="import main")
    assert [(code, text) for code, text, _ in load(folder)[1]] == [("CF005", "import main")]


def test_a_long_chain_of_imports(folder):
    write(folder, **{f"m{i}": f"import m{i + 1}" for i in range(300)}, m300="component Last { }")
    loaded, said, _ = load(folder, "m0.cf")
    assert said == []
    assert list(loaded.main.types) == ["Last"]


def test_two_types_of_one_name(folder):
    write(
        folder,
        main="import a import b component M { } component M { }",
        a="component A { } component M { }",
        b="component A { }",
    )
    _, said, items = load(folder)
    assert said == [
        ("CF102", "M", "the component type `M` is declared twice"),
        ("CF102", "import a", "the component type `M` is declared twice"),
        ("CF102", "import b", "the component type `A` is declared twice"),
    ]
    assert [[os.path.basename(o.span.source.name) for o in item.others] for item in items] == [
        ["main.cf"],
        ["main.cf", "a.cf"],
        ["a.cf", "b.cf"],
    ]


def test_a_name_declared_nearby_hides_one_further_away(folder):
    write(folder, main="import a component M { }", a="import b component A { }", b="component M { } component B { }")
    loaded, said, _ = load(folder)
    assert said == []
    assert loaded.main.types["M"].span.source is loaded.main.source
    assert loaded.files[1].types["M"].span.source is loaded.files[2].source


def test_two_types_of_one_name_far_away_are_not_visible(folder):
    write(folder, main="import a import b", a="import c", b="import d", c="component M { }", d="component M { }")
    loaded, said, _ = load(folder)
    assert said == []
    assert loaded.main.types == {}


def test_bytes_that_are_no_text(folder):
    (folder / "main.cf").write_bytes(b"system \xc3\xa9 s\xff { }")
    loaded, said, items = load(folder)
    assert said == [("CF003", "\ufffd", "the file is not UTF-8: byte 0xff at offset 11")]
    assert items[0].primary.span.column == 11
    assert loaded.main.tree.systems == ()


@pytest.mark.parametrize("name", ["missing.cf", "", "a\x00b"])
def test_a_file_that_cannot_be_read(folder, name):
    loaded, said, _ = load(folder, name)
    assert [code for code, _, _ in said] == ["CF003"]
    assert loaded.main.tree.components == ()


def test_a_text_at_hand(folder):
    write(folder, a="component A { }")
    diagnostics = Diagnostics()
    loaded = imports.load_source(SourceFile(str(folder / "unsaved.cf"), "import a"), diagnostics)
    assert diagnostics.items == []
    assert list(loaded.main.types) == ["A"]


def test_the_shipped_library_reads_without_a_word():
    for name in imports.library_names():
        diagnostics = Diagnostics()
        loaded = imports.load_source(SourceFile("spec.cf", f"import {name}"), diagnostics)
        assert diagnostics.items == []
        assert loaded.main.types
